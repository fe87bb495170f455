import { parsed } from './fields.ts';

/** A share: `50%` or `0.5`; not negative, and possibly above 1. */
export const shareField = parsed(
  'a share such as 50% or 0.5',
  (value) => {
    const percent = parsePercent(value);
    const result = percent === undefined ? value : exact(percent / 100);
    return typeof result === 'number' && Number.isFinite(result) && result >= 0 ? result : undefined;
  },
  {
    anyOf: [
      { type: 'string', pattern: String.raw`^\s*\d{1,9}(\.\d{1,9})? ?%\s*$` },
      { type: 'number', minimum: 0 },
    ],
  },
);

/** Reads `50%` or `0.5 %` as a number of percent; undefined for anything else. */
export function parsePercent(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const [, number] = /^(\d{1,9}(?:\.\d{1,9})?) ?%$/.exec(value.trim()) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** The value without the errors of binary fractions: 1 % is 0.01. */
export function exact(value: number): number {
  return Number(value.toPrecision(12));
}
