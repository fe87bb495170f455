import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../core/text/duration.ts';

describe('parseDuration', () => {
  test.each([
    ['0s', 0],
    ['1ms', 1],
    ['500ms', 500],
    ['10s', 10_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['1m30s', 90_000],
    ['1h30m', 5_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['90m', 5_400_000],
    ['2s500ms', 2_500],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    '10',
    's',
    '10 s',
    '-5s',
    '+5s',
    '1.5s',
    '1s1m',
    '5m5m',
    '10S',
    '1d',
    '1w',
    ' 1s',
    '1s ',
    '1e3s',
    '1s\n',
  ])('does not read %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('refuses numbers that would lose precision', () => {
    expect(parseDuration(`${'9'.repeat(10)}h`)).toBeUndefined();
    expect(parseDuration('999999999h')).toBe(999_999_999 * 3_600_000);
  });
});

describe('formatDuration', () => {
  test.each([
    [0, '0 s'],
    [400, '0.4 s'],
    [12_000, '12 s'],
    [90_000, '1 min 30 s'],
    [3_600_000, '1 h'],
    [86_400_000, '24 h'],
    [273_600_000, '3 d 4 h'],
    [-12_000, '-12 s'],
  ])('formats %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
