import { describe, expect, test } from 'vitest';
import { jsonDifferences } from '../../../activities/knative/json-differences.ts';

describe('jsonDifferences', () => {
  test('names each place', () => {
    const found = { containers: [{ image: 'a', env: [{ name: 'X', value: '1' }] }], timeoutSeconds: 300 };
    const wanted = { containers: [{ image: 'a', env: [{ name: 'X', value: '2' }] }], serviceAccountName: 'b' };
    expect(jsonDifferences(found, wanted)).toEqual([
      { path: 'containers[0].env[0].value', found: '1', wanted: '2' },
      { path: 'timeoutSeconds', found: 300, wanted: undefined },
      { path: 'serviceAccountName', found: undefined, wanted: 'b' },
    ]);
  });

  test('shows lists of another length as a whole', () => {
    expect(jsonDifferences({ a: [1] }, { a: [1, 2] })).toEqual([{ path: 'a', found: [1], wanted: [1, 2] }]);
  });

  test('takes what is empty for absent', () => {
    expect(jsonDifferences({ a: {}, b: [], c: { d: null } }, {})).toEqual([]);
    expect(jsonDifferences({ a: 0, b: '', c: false }, {})).toHaveLength(3);
  });
});
