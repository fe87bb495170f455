import type { Surroundings } from '../../core/offline/forecast.ts';
import { badRequests } from '../../core/verdicts/bad-requests.ts';
import type { Experiment, Objective } from '../../core/experiment/experiment.ts';
import { addCounts, haveSameBoundaries } from '../../core/measurements/counters.ts';
import { metricFacts } from '../../core/experiment/metric.ts';
import { noCounts } from '../../core/measurements/measurement.ts';
import type { Counts } from '../../core/measurements/measurement.ts';
import { timedRequests } from '../../core/measurements/metric-value.ts';
import { requestCorrelation, latencyCorrelation } from '../../core/stats/dispersion.ts';
import { latencyVariance } from '../../core/stats/mean-betting.ts';
import { allVersions } from '../../core/experiment/versions.ts';
import { newestSample } from './checkpoint.ts';
import { assembleHistograms } from './histogram.ts';
import type { PrometheusPlace } from './access.ts';
import { lookbackMs } from './lateness.ts';
import { connectPrometheus } from './prometheus.ts';
import type { Prometheus } from './prometheus.ts';
import { readCounters } from './readings.ts';
import type { ReadingRequest } from './readings.ts';
import { countRevision } from './revision-counts.ts';
import { readStoreClock } from './store-clock.ts';
import type { StoreClock } from './store-clock.ts';
import { Unmeasured } from '../unmeasured.ts';
import { defined } from '../../core/text/defined.ts';

/** The experiment whose history is read, and where. */
export interface HistoryInput extends PrometheusPlace {
  readonly experiment: Experiment;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** What the target's revisions answered before an experiment, as far as Prometheus has stored it. */
export interface RequestHistory {
  /** The requests of all versions together, from the latest intervals; absent where nothing is known. */
  readonly requestsPerSecond?: number;
  /** All that the baseline answered. */
  readonly baseline: Counts;
  /**
   * For each objective the intraclass correlation of bad requests, or of latencies, within an interval, 0..1; null
   * where it is not known.
   */
  readonly correlations: readonly (number | null)[];
  /** Intervals in which the baseline had requests. */
  readonly intervals: number;
  /** Why nothing could be read, where that is so. */
  readonly unread?: string;
}

/** The surroundings of an experiment, as its history shows them. */
export function toSurroundings({ requestsPerSecond, baseline, correlations }: RequestHistory): Surroundings {
  return {
    ...defined({ requestsPerSecond }),
    ...(baseline.requests === 0 ? {} : { latencies: { buckets: baseline.buckets, sumMs: baseline.latencySumMs } }),
    correlations,
  };
}

const historyIntervals = 60;

/** The longest range that is asked for; more would overload Prometheus. */
const longestHistoryMs = 6 * 3_600_000;

/** The number of latest intervals that the present traffic is estimated from. */
const recentIntervals = 5;
const answerLimitMs = 20_000;

/**
 * Reads the intervals before now, each as long as one of the experiment. A back end that cannot be read gives an
 * empty history, with the reason in `unread`.
 */
export async function readHistory(input: HistoryInput): Promise<RequestHistory> {
  try {
    return await read(input);
  } catch (error) {
    if (error instanceof Unmeasured)
      return { baseline: noCounts, correlations: [], intervals: 0, unread: error.message };
    throw error;
  }
}

async function read({ experiment, nowMs, signal, ...place }: HistoryInput): Promise<RequestHistory> {
  const { intervalMs, target, baseline, objectives, errorClass } = experiment;
  const count = Math.max(1, Math.min(historyIntervals, Math.floor(longestHistoryMs / intervalMs)));
  const revisions = allVersions(experiment).map(({ revision }) => revision);
  const prometheus = connectPrometheus({ ...place, signal, limitMs: answerLimitMs });
  const clock = await readStoreClock(prometheus, () => nowMs);
  const request = { namespace: target.namespace, revisions };
  // What has not shown yet must not look like a time without traffic; what ended long ago is one.
  const toMs = Math.max(await readNewest(prometheus, request, clock), clock.nowMs - lookbackMs);
  const histograms = assembleHistograms(
    await readCounters(prometheus, {
      ...request,
      toMs,
      rangeMs: count * intervalMs,
      everyMs: intervalMs,
      ...(judgesLatencies(experiment) ? {} : { only: 'responses' }),
    }),
  );
  const countWindow = (revision: string, index: number): Counts => {
    const window = { fromMs: toMs - (index + 1) * intervalMs, toMs: toMs - index * intervalMs };
    return countRevision(revision, histograms, { window, birthsCount: true });
  };
  const indices = Array.from({ length: count }, (_, index) => index);
  const intervals = indices.map((index) => countWindow(baseline.revision, index));
  const recent = indices.slice(0, recentIntervals).map((index) => {
    return revisions.reduce((sum, revision) => sum + countWindow(revision, index).requests, 0);
  });
  const requests = recent.reduce((sum, one) => sum + one, 0);
  return {
    ...(requests === 0 ? {} : { requestsPerSecond: (requests * 1000) / (recent.length * intervalMs) }),
    baseline: totalCounts(intervals),
    correlations: objectives.map((objective) => correlationFor(objective, intervals, errorClass) ?? null),
    intervals: intervals.filter((counts) => counts.requests > 0).length,
  };
}

/**
 * The newest sample of any version, epoch ms, 0 where there is none lately. Throws `Unmeasured` where the series are of several
 * clusters, which no sum shows.
 */
async function readNewest(
  prometheus: Prometheus,
  request: Pick<ReadingRequest, 'namespace' | 'revisions'>,
  { endMs }: StoreClock,
): Promise<number> {
  const live = await readCounters(prometheus, { ...request, toMs: endMs });
  return newestSample(assembleHistograms(live)) ?? 0;
}

/** Only tests of latencies need them: the rule of thresholds compares what the run itself has measured. */
function judgesLatencies({ analysis: { method }, objectives }: Experiment): boolean {
  const kinds = objectives.map(({ metric }) => metricFacts(metric).kind.kind);
  return method === 'sequential' && kinds.some((kind) => kind === 'tail-latency' || kind === 'mean-latency');
}

function correlationFor(
  objective: Objective,
  intervals: readonly Counts[],
  errorClass: Experiment['errorClass'],
): number | undefined {
  const { kind } = metricFacts(objective.metric).kind;
  if (kind === 'gauge' || kind === 'counter' || kind === 'count') return undefined;
  if (kind === 'mean-latency') {
    const { buckets, latencySumMs: sumMs } = totalCounts(intervals);
    const latencies = intervals.map((one) => ({ requests: timedRequests(one), sumMs: one.latencySumMs }));
    return latencyCorrelation(latencies, latencyVariance({ buckets, sumMs }));
  }
  return requestCorrelation(
    intervals.map((counts) => {
      const bad = badRequests(counts, { objective, errorClass });
      return { requests: bad.requests, bad: bad.atLeast };
    }),
  );
}

function totalCounts(intervals: readonly Counts[]): Counts {
  return intervals.reduce((sum, one) => (haveSameBoundaries(sum, one) ? addCounts(sum, one) : sum), noCounts);
}
