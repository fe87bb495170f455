import { describe, expect, it } from 'vitest';
import { defined } from '../../../core/text/defined.ts';

describe('defined members', () => {
  it('are those with a value, in their order', () => {
    expect(Object.entries(defined({ b: 1, a: undefined, c: 'x' }))).toEqual([
      ['b', 1],
      ['c', 'x'],
    ]);
  });

  it('include what is empty, false or null, which are values', () => {
    const empty = { text: '', none: null, off: false, zero: 0 };
    expect(defined(empty)).toEqual(empty);
  });

  it('do not hide the default that they are spread over', () => {
    const given: { readonly limit: number | undefined } = { limit: undefined };
    expect({ limit: 5, ...defined(given) }).toEqual({ limit: 5 });
  });
});
