import { describe, expect, it } from 'vitest';
import { jsonDifferences, mergePatchOf } from '../../../activities/helm/json-patch.ts';

describe('mergePatchOf', () => {
  it('holds what changes, and nulls for what goes', () => {
    const before = { spec: { template: { name: 'v2', image: 'a' }, traffic: [1], same: { deep: true } } };
    const after = { spec: { template: { name: 'v1', image: 'a' }, same: { deep: true }, added: {} } };
    expect(mergePatchOf(before, after)).toEqual({ spec: { traffic: null, template: { name: 'v1' }, added: {} } });
  });

  it('is empty between equal documents', () => {
    expect(mergePatchOf({ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 2 }] } })).toEqual({});
  });

  it('replaces lists as a whole', () => {
    expect(mergePatchOf({ a: [1, 2] }, { a: [2] })).toEqual({ a: [2] });
  });
});

describe('jsonDifferences', () => {
  it('names each place', () => {
    const found = { containers: [{ image: 'a', env: [{ name: 'X', value: '1' }] }], timeoutSeconds: 300 };
    const wanted = { containers: [{ image: 'a', env: [{ name: 'X', value: '2' }] }], serviceAccountName: 'b' };
    expect(jsonDifferences(found, wanted)).toEqual([
      { path: 'containers[0].env[0].value', found: '1', wanted: '2' },
      { path: 'timeoutSeconds', found: 300, wanted: undefined },
      { path: 'serviceAccountName', found: undefined, wanted: 'b' },
    ]);
  });

  it('shows lists of another length as a whole', () => {
    expect(jsonDifferences({ a: [1] }, { a: [1, 2] })).toEqual([{ path: 'a', found: [1], wanted: [1, 2] }]);
  });

  it('takes what is empty for absent', () => {
    expect(jsonDifferences({ a: {}, b: [], c: { d: null } }, {})).toEqual([]);
    expect(jsonDifferences({ a: 0, b: '', c: false }, {})).toHaveLength(3);
  });
});
