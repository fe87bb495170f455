import { lookbackMs } from './lateness.ts';
import type { Prometheus, Sample, Series } from './prometheus.ts';
import { formatLabel } from './selector.ts';

/** The counters that the store adds up. */
export interface Summed {
  /** The series, without a range. */
  readonly selector: string;
  /** Whether they are native histograms. */
  readonly isNative: boolean;
  /** The labels that remain. */
  readonly labels: readonly string[];
  /** Where the revision is on the target's info instead: that info, and the label. */
  readonly owner?: { readonly info: string; readonly label: string };
}

/** The intervals before `toMs`; epoch ms. */
export interface Intervals {
  readonly toMs: number;
  readonly rangeMs: number;
  readonly everyMs: number;
}

/**
 * Asks what all series together have counted in each interval: one answer of a size that does not depend on the number of pods.
 * Samples are at the ends of the intervals.
 */
export async function askAdded(
  prometheus: Prometheus,
  summed: Summed,
  { toMs, rangeMs, everyMs }: Intervals,
): Promise<readonly Series[]> {
  // Subqueries are evaluated at multiples of their step.
  const atMs = Math.floor((toMs - evaluatedBeforeMs) / everyMs) * everyMs;
  const behindMs = toMs - atMs;
  const added = addedBy(summed, { everyMs, behindMs });
  const by = summed.labels.map(formatLabel).join(', ');
  const query = `sum by (${by}) (${added})[${rangeMs}ms:${everyMs}ms]`;
  const series = await prometheus.ask({ query, atMs });
  return series.map(({ labels, samples, histograms = [] }) => ({
    labels,
    samples: samples.map((sample) => ({ ...sample, atMs: sample.atMs + behindMs })),
    histograms: histograms.map((histogram) => ({ ...histogram, atMs: histogram.atMs + behindMs })),
  }));
}

/** VictoriaMetrics evaluates nothing in the latest 30 s (`-search.latencyOffset`), whatever samples it has of them. */
const evaluatedBeforeMs = 60_000;

interface Step {
  readonly everyMs: number;
  /** How far the evaluation is behind the samples. */
  readonly behindMs: number;
}

/**
 * The last value of each counter in the interval less the last one before it, by the raw samples: `increase()` extrapolates. A counter
 * that begins in it, or was reset, counts from the lowest value on; a native histogram, which has none, from the next interval on.
 */
function addedBy({ selector, isNative, owner }: Summed, { everyMs, behindMs }: Step): string {
  const last = `last_over_time(${selector}[${everyMs}ms] offset -${behindMs}ms)`;
  const before = `last_over_time(${selector}[${lookbackMs}ms] offset ${everyMs - behindMs}ms)`;
  const lowest = `min_over_time(${selector}[${everyMs}ms] offset -${behindMs}ms)`;
  const added = isNative
    ? `(${last} - ${before}) and (resets(${selector}[${2 * everyMs}ms] offset -${behindMs}ms) == 0)`
    : `(${last} - ${before} >= 0) or (${last} - ${lowest})`;
  if (owner === undefined) return added;
  const label = formatLabel(owner.label);
  const infos = `group by (job, instance, ${label}) (${owner.info} offset -${behindMs}ms)`;
  return `(${added}) * on (job, instance) group_left (${label}) ${infos}`;
}

/** The counter that has added so much at each of its samples, from 0 on. */
export function accumulate(series: Series): Series {
  let total = 0;
  const samples = series.samples.map(({ atMs, value }): Sample => ({ atMs, value: (total += value) }));
  return { ...series, samples };
}
