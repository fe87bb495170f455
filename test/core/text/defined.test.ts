import { describe, expect, test } from 'vitest';
import { defined } from '../../../core/text/defined.ts';

describe('defined members', () => {
  test('are those with a value, in their order', () => {
    expect(Object.entries(defined({ b: 1, a: undefined, c: 'x' }))).toEqual([
      ['b', 1],
      ['c', 'x'],
    ]);
  });

  test('include what is empty, false or null, which are values', () => {
    const empty = { text: '', none: null, off: false, zero: 0 };
    expect(defined(empty)).toEqual(empty);
  });

  test('do not hide the default that they are spread over', () => {
    const given: { readonly limit: number | undefined } = { limit: undefined };
    expect({ limit: 5, ...defined(given) }).toEqual({ limit: 5 });
  });
});
