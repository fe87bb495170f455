import { describe, expect, test } from 'vitest';
import { createMergePatch } from '../../../activities/helm/json-patch.ts';

describe('mergePatchOf', () => {
  test('holds what changes, and nulls for what goes', () => {
    const before = { spec: { template: { name: 'v2', image: 'a' }, traffic: [1], same: { deep: true } } };
    const after = { spec: { template: { name: 'v1', image: 'a' }, same: { deep: true }, added: {} } };
    expect(createMergePatch(before, after)).toEqual({ spec: { traffic: null, template: { name: 'v1' }, added: {} } });
  });

  test('is empty between equal documents', () => {
    expect(createMergePatch({ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 2 }] } })).toEqual({});
  });

  test('replaces lists as a whole', () => {
    expect(createMergePatch({ a: [1, 2] }, { a: [2] })).toEqual({ a: [2] });
  });
});
