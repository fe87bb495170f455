import { expect, test } from 'vitest';
import { withoutNulls } from '../../../formats/document/without-nulls.ts';

test('leaves out fields that are null, at any depth', () => {
  expect(withoutNulls({ a: null, b: { c: null, d: 1 } })).toEqual({ b: { d: 1 } });
});

test('keeps the places of list items', () => {
  expect(withoutNulls([null, { a: null }, 1])).toEqual([null, {}, 1]);
});

test('keeps a field named __proto__ as a field', () => {
  expect(Object.keys(withoutNulls(JSON.parse('{"__proto__": {"a": 1}}')) ?? {})).toEqual(['__proto__']);
});

test('does not change what it is given', () => {
  const given = { a: null };
  withoutNulls(given);
  expect(given).toEqual({ a: null });
});

test('copies a value that contains itself', () => {
  const given: Record<string, unknown> = { a: 1 };
  given['self'] = given;
  const copy = withoutNulls(given);
  expect(copy).toMatchObject({ a: 1, self: { a: 1 } });
});

test('copies long lists and deep values', () => {
  const deep: unknown = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
  const long = Array.from({ length: 200_000 }, () => 1);
  const copy = withoutNulls([deep, long]);
  expect(Array.isArray(copy) && copy.map((list: unknown[]) => list.length)).toEqual([1, 200_000]);
});
