import { addCounts, formatBoundaries, haveSameBoundaries, toMicroseconds } from '../../core/measurements/counters.ts';
import { type Counts, noCounts } from '../../core/measurements/measurement.ts';
import { type Window, difference } from './difference.ts';
import type { PodHistogram, Snapshot } from './histogram.ts';
import { Unmeasured } from '../unmeasured.ts';

/**
 * What one revision answered in the window: the differences of its histograms, added up over pods and codes.
 *
 * Throws `Unmeasured` when it has two kinds of request metrics, or pods with different buckets.
 */
export function countRevision(
  revision: string,
  histograms: readonly PodHistogram[],
  { window, birthsCount }: { window: Window; birthsCount: boolean },
): Counts {
  const own = histograms.filter((histogram) => histogram.revision === revision && hasSnapshotIn(histogram, window));
  requireOneFamily(revision, own);
  return own
    .map((histogram) => toCounts(histogram, difference(histogram, window, birthsCount)))
    .reduce((total, counts) => addPod(revision, total, counts), noCounts);
}

function hasSnapshotIn({ snapshots }: PodHistogram, { fromMs, toMs }: Window): boolean {
  return snapshots.some(({ atMs }) => atMs > fromMs && atMs <= toMs);
}

function requireOneFamily(revision: string, histograms: readonly PodHistogram[]): void {
  const families = new Set(histograms.map(({ family }) => family));
  if (families.size <= 1) return;
  const both = [...families].sort().join(' and ');
  throw new Unmeasured('error', `revision ${revision} has two kinds of request metrics, ${both}: keep one of them`);
}

function toCounts({ code, measures }: PodHistogram, { sum, buckets }: Snapshot): Counts {
  const count = buckets.get(Infinity) ?? 0;
  if (count === 0) return noCounts;
  const responses = measures === 'latencies' ? 0 : count;
  return {
    requests: responses,
    errors5xx: code.startsWith('5') ? responses : 0,
    errorsNot2xx: code.startsWith('2') ? 0 : responses,
    latencySumMs: toMicroseconds(sum),
    buckets:
      measures === 'responses' ? [] : [...buckets].map(([le, n]) => ({ le: le === Infinity ? null : le, count: n })),
  };
}

function addPod(revision: string, total: Counts, counts: Counts): Counts {
  if (haveSameBoundaries(total, counts)) return addCounts(total, counts);
  const [one, other] = [formatBoundaries(total.buckets), formatBoundaries(counts.buckets)];
  throw new Unmeasured('error', `the pods of revision ${revision} have different buckets: [${one}] and [${other}] ms`);
}
