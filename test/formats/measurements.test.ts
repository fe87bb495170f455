import { expect, test } from 'vitest';
import { formatIssue } from '../../formats/document/issue.ts';
import { readMeasurements } from '../../formats/measurements.ts';

const counts = {
  requests: 100,
  errors5xx: 1,
  latencySumMs: 900,
  buckets: [
    { le: 10, count: 90 },
    { le: null, count: 100 },
  ],
};
const interval = { fromMs: 0, toMs: 12_000, weight: 20, baseline: counts, candidate: { requests: 5 } };

function findIssues(...lines: readonly unknown[]): readonly string[] {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const reading = readMeasurements(text, 'm.ndjson');
  return reading.kind === 'invalid' ? reading.issues.map(formatIssue) : [];
}

test('reads one interval a line; what is left out is zero', () => {
  const none = { errors5xx: 0, errorsNot2xx: 0, latencySumMs: 0, buckets: [] };
  expect(readMeasurements(`${JSON.stringify(interval)}\n\n`, 'm.ndjson')).toEqual({
    kind: 'ok',
    intervals: [
      {
        atMs: 12_000,
        weights: [20],
        measurement: {
          kind: 'measured',
          fromMs: 0,
          toMs: 12_000,
          baseline: { ...counts, errorsNot2xx: 1 },
          candidates: [{ requests: 5, ...none }],
        },
      },
    ],
  });
});

test('lists every line that cannot be used', () => {
  expect(
    findIssues(interval, 'nonsense', { ...interval, toMs: 0 }, { ...interval, candidate: { requests: 'many' } }),
  ).toEqual([
    'm.ndjson:2:1 (interval): expected a JSON object, got text that is not JSON',
    'm.ndjson:3:1 toMs: expected a moment after fromMs, got another value',
    expect.stringMatching(/^m\.ndjson:4:1 candidate\.requests: expected /),
  ]);
});

test('refuses a key that is given twice, of which JSON would take the last', () => {
  const twice = JSON.stringify(interval).replace('"requests":5', '"requests":5,"requests":500');
  expect(findIssues(interval, twice)).toEqual([
    expect.stringMatching(/^m\.ndjson:2:\d+ \(interval\): expected each key once, got duplicated mapping key/),
  ]);
});

test('refuses intervals that overlap, or are out of order, since their requests would count twice', () => {
  expect(findIssues(interval, interval)).toEqual([
    'm.ndjson:2:1 fromMs: expected a moment from 12000 on, when the interval before ends, got 0',
  ]);
  const later = { ...interval, fromMs: 12_000, toMs: 24_000 };
  expect(findIssues(interval, later)).toEqual([]);
});

test.each([
  [
    'boundaries that do not rise',
    {
      requests: 10,
      buckets: [
        { le: 100, count: 8 },
        { le: 50, count: 9 },
        { le: null, count: 10 },
      ],
    },
    'candidate.buckets: expected ascending boundaries',
  ],
  [
    'more errors than requests',
    { requests: 1, errors5xx: 2 },
    'candidate: expected at most 1 errors, as there are requests',
  ],
  [
    'buckets that are not cumulative',
    {
      requests: 5,
      buckets: [
        { le: 1, count: 5 },
        { le: null, count: 4 },
      ],
    },
    'candidate.buckets: expected cumulative counts',
  ],
  [
    'buckets without an end',
    { requests: 5, buckets: [{ le: 1, count: 5 }] },
    'candidate.buckets: expected a last bucket with le null and all 5 requests',
  ],
  ['unknown fields', { requests: 5, bad: 1 }, 'Unrecognized key'],
])('refuses %s', (_, candidate, expected) => {
  expect(findIssues({ ...interval, candidate }).join('\n')).toContain(expected);
});
