import { formatBoundaries, haveSameBoundaries, subtractCounts } from '../../core/measurements/counters.ts';
import type { Checkpoint, Counts } from '../../core/measurements/measurement.ts';
import { noCounts } from '../../core/measurements/measurement.ts';
import { defined } from '../../core/text/defined.ts';
import type { PodHistogram, Snapshot } from './histogram.ts';
import { holdBackMs, lookbackMs, settleMs } from './lateness.ts';
import { countRevision } from './revision-counts.ts';
import { Unmeasured } from '../unmeasured.ts';

/** All that was read since a checkpoint. */
export interface Sighting {
  readonly revisions: readonly string[];
  readonly histograms: readonly PodHistogram[];
  /** Whether a histogram that is new since the checkpoint began at 0. */
  readonly birthsCount: boolean;
  /** The end of what was read; epoch ms. */
  readonly endMs: number;
}

/**
 * What is new since a checkpoint, for each revision: everything since then less what had been counted of it. A sample that
 * shows late, before others that were counted, is counted now.
 *
 * Throws `Unmeasured` when the store shows less than it did: a part of it does not answer.
 */
export function countSince(checkpoint: Checkpoint, sighting: Sighting): readonly Counts[] {
  const counted = hasForgotten(checkpoint, sighting) ? [] : checkpoint.counted;
  return countAll(sighting, checkpoint.sinceMs).map((total, index) =>
    newCounts(sighting.revisions[index] ?? '', total, counted[index] ?? noCounts),
  );
}

/** The checkpoint that all of the sighting has been counted. */
export function nextCheckpoint(checkpoint: Checkpoint, sighting: Sighting, seenMs: number): Checkpoint {
  const sinceMs = Math.max(checkpoint.sinceMs, settledUntil(sighting.histograms));
  const histograms = sighting.histograms.map((histogram) => forgetBefore(histogram, sinceMs - lookbackMs));
  const families = checkpoint.families ?? findCounted(sighting, checkpoint.sinceMs);
  return { sinceMs, seenMs, counted: countAll({ ...sighting, histograms }, sinceMs), ...defined({ families }) };
}

/** The families of which requests have been counted; undefined where there was none. */
function findCounted(sighting: Sighting, sinceMs: number): readonly string[] | undefined {
  if (countAll(sighting, sinceMs).every(({ requests }) => requests === 0)) return undefined;
  return [...new Set(sighting.histograms.map(({ family }) => family))].sort();
}

/** The newest sample of all; undefined where there is none. */
export function newestSample(histograms: readonly PodHistogram[]): number | undefined {
  const ends = histograms.flatMap(({ snapshots }) => snapshots.at(-1)?.atMs ?? []);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

function countAll({ revisions, histograms, birthsCount, endMs }: Sighting, sinceMs: number): readonly Counts[] {
  const window = { fromMs: sinceMs, toMs: endMs };
  return revisions.map((revision) => countRevision(revision, histograms, { window, birthsCount }));
}

/** Whether the store has lost all that was counted, so that none of it is in the total. */
function hasForgotten({ sinceMs, seenMs, counted }: Checkpoint, { histograms }: Sighting): boolean {
  if (counted.every(({ requests }) => requests === 0)) return false;
  return !histograms.some(({ snapshots }) => snapshots.some(({ atMs }) => atMs > sinceMs && atMs <= seenMs));
}

function newCounts(revision: string, total: Counts, counted: Counts): Counts {
  if (!haveSameBoundaries(total, counted)) {
    const [one, other] = [formatBoundaries(counted.buckets), formatBoundaries(total.buckets)];
    throw new Unmeasured('error', `the buckets of revision ${revision} have changed: [${one}] and [${other}] ms`);
  }
  const added = subtractCounts(total, counted);
  const { requests, errors5xx, errorsNot2xx, buckets } = added;
  const least = Math.min(requests, errors5xx, errorsNot2xx, ...buckets.map(({ count }) => count));
  if (least >= 0) return added;
  const both = `${total.requests} requests, and ${counted.requests} of the same time were seen before`;
  throw new Unmeasured('blind', `Prometheus shows less of revision ${revision} than it did: ${both}`);
}

/**
 * Until when all samples have shown, as far as can be known: well before the newest sample of the series that is furthest
 * behind, and in no series inside a gap, which may be filled later. A series that stays silent holds it back for a
 * while only.
 */
function settledUntil(histograms: readonly PodHistogram[]): number {
  const newestMs = newestSample(histograms);
  if (newestMs === undefined) return -Infinity;
  const ends = histograms.flatMap(({ snapshots }) => snapshots.at(-1)?.atMs ?? []);
  const behindMs = Math.min(...ends.filter((endMs) => endMs > newestMs - lookbackMs));
  return beforeGaps(histograms.flatMap(findGaps), behindMs - settleMs);
}

/** Before one gap there may be another: where series have gaps all the time, these are followed for a while only. */
function beforeGaps(gaps: readonly Gap[], atMs: number): number {
  const firstMs = Math.min(atMs, ...gaps.filter((gap) => isInside(gap, atMs)).map(({ fromMs }) => fromMs));
  let clearMs = firstMs;
  while (clearMs > firstMs - holdBackMs) {
    const gap = gaps.find((one) => isInside(one, clearMs));
    if (gap === undefined) return clearMs;
    clearMs = gap.fromMs;
  }
  return firstMs - holdBackMs;
}

interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

function isInside({ fromMs, toMs }: Gap, atMs: number): boolean {
  return fromMs < atMs && atMs < toMs;
}

/** How many times the usual distance two samples of a series are apart when some seem to be missing between them. */
const gapFactor = 3;

function findGaps({ snapshots }: PodHistogram): readonly Gap[] {
  const steps = snapshots.slice(1).map((after, index) => {
    return { fromMs: snapshots[index]?.atMs ?? after.atMs, toMs: after.atMs };
  });
  const lengths = steps.map(({ fromMs, toMs }) => toMs - fromMs).sort((a, b) => a - b);
  const usualMs = lengths[Math.floor(lengths.length / 2)] ?? 0;
  return steps.filter(({ fromMs, toMs }) => toMs - fromMs > gapFactor * usualMs);
}

/** The histogram as a later measurement will read it. */
function forgetBefore(histogram: PodHistogram, atMs: number): PodHistogram {
  const isLater = (snapshot: Snapshot): boolean => snapshot.atMs > atMs;
  return { ...histogram, snapshots: histogram.snapshots.filter(isLater) };
}
