import { parseJson } from '../core/text/json.ts';
import { z } from 'zod';
import type { RecordedInterval } from '../core/offline/rejudge.ts';
import { readDocuments } from './document/document.ts';
import type { Issue } from './document/issue.ts';

/** The intervals of a file, or all its issues. */
export type MeasurementsReading =
  | { readonly kind: 'ok'; readonly intervals: readonly RecordedInterval[] }
  | { readonly kind: 'invalid'; readonly issues: readonly Issue[] };

const count = z.int().min(0);
const bucket = z.strictObject({ le: z.number().positive().nullable(), count });

const counts = z
  .strictObject({
    requests: count,
    errors5xx: count.default(0),
    errorsNot2xx: count.optional(),
    latencySumMs: z.number().min(0).default(0),
    buckets: z.array(bucket).default([]),
  })
  .superRefine(({ requests, errors5xx, errorsNot2xx = errors5xx, buckets }, context) => {
    if (Math.max(errors5xx, errorsNot2xx) > requests) {
      context.addIssue({ code: 'custom', message: `at most ${requests} errors, as there are requests` });
    }
    const isAscending = buckets.every(({ le }, index) => index === 0 || isAbove(le, buckets[index - 1]?.le ?? null));
    if (!isAscending) context.addIssue({ code: 'custom', path: ['buckets'], message: 'ascending boundaries' });
    const isCumulative = buckets.every((one, index) => one.count >= (buckets[index - 1]?.count ?? 0));
    if (!isCumulative) context.addIssue({ code: 'custom', path: ['buckets'], message: 'cumulative counts' });
    const last = buckets.at(-1);
    if (last !== undefined && (last.le !== null || last.count !== requests)) {
      const message = `a last bucket with le null and all ${requests} requests`;
      context.addIssue({ code: 'custom', path: ['buckets'], message });
    }
  })
  .transform((given) => ({ ...given, errorsNot2xx: given.errorsNot2xx ?? given.errors5xx }));

/** Whether a boundary is above the one before; null stands for infinity. */
function isAbove(le: number | null, before: number | null): boolean {
  return before !== null && (le === null || le > before);
}

const line = z
  .strictObject({
    fromMs: z.number(),
    toMs: z.number(),
    /** The candidate's weight, percent. */
    weight: z.int().min(0).max(100).default(50),
    baseline: counts,
    candidate: counts,
  })
  .refine(({ fromMs, toMs }) => toMs > fromMs, { path: ['toMs'], message: 'a moment after fromMs' });

/**
 * Reads NDJSON: one interval per line, in the order of time; skips empty lines. Lists the issues of every line that cannot
 * be used.
 */
export function readMeasurements(text: string, file: string): MeasurementsReading {
  const issues: Issue[] = [];
  const intervals: RecordedInterval[] = [];
  for (const [index, content] of text.split('\n').entries()) {
    if (content.trim() === '') continue;
    const read = readLine(content, { file, line: index + 1 }, intervals.at(-1)?.atMs);
    if ('measurement' in read) intervals.push(read);
    else issues.push(...read);
  }
  return issues.length > 0 ? { kind: 'invalid', issues } : { kind: 'ok', intervals };
}

type Place = Pick<Issue, 'file' | 'line'>;

/** Reads one interval, or its issues; one that overlaps the interval before would count requests twice. */
function readLine(content: string, place: Place, afterMs: number | undefined): RecordedInterval | readonly Issue[] {
  const value = parseJson(content);
  const whole = { ...place, column: 1, path: '(interval)' };
  if (value === undefined) return [{ ...whole, expected: 'a JSON object', got: 'text that is not JSON' }];
  const twofold = repeatedKeys(content, place);
  if (twofold.length > 0) return twofold;
  const reading = line.safeParse(value);
  if (!reading.success) return reading.error.issues.map((issue) => lineIssue(issue, place));
  const { fromMs } = reading.data;
  if (afterMs === undefined || fromMs >= afterMs) return toInterval(reading.data);
  const expected = `a moment from ${afterMs} on, when the interval before ends`;
  return [{ ...whole, path: 'fromMs', expected, got: String(fromMs) }];
}

/** A key given twice is a mistake, of which JSON's own reader would take the last. */
function repeatedKeys(content: string, place: Place): readonly Issue[] {
  const reading = readDocuments(content, place.file);
  if (reading.kind === 'read') return [];
  return reading.issues.map(({ column = 1, got }) => ({
    ...place,
    column,
    path: '(interval)',
    expected: 'each key once',
    got,
  }));
}

function toInterval({ fromMs, toMs, weight, baseline, candidate }: z.output<typeof line>): RecordedInterval {
  const measurement = { kind: 'measured', fromMs, toMs, baseline, candidates: [candidate] } as const;
  return { atMs: toMs, weights: [weight], measurement };
}

function lineIssue({ path, message }: z.core.$ZodIssue, place: Place): Issue {
  const [expected = message, got = 'another value'] = message
    .replace(/^Invalid input: expected /, '')
    .split(', received ');
  return { ...place, column: 1, path: path.map(String).join('.') || '(interval)', expected, got };
}
