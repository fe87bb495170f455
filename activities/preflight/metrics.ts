import { formatDuration } from '../../core/text/duration.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { allVersions } from '../../core/experiment/versions.ts';
import { failure } from '../failures.ts';
import { measureLag } from '../../metrics/prometheus/lag.ts';
import { connectPrometheus } from '../../metrics/prometheus/prometheus.ts';
import { Unmeasured } from '../../metrics/unmeasured.ts';

/** Where the worker reads metrics. */
export interface MetricsSettings {
  readonly prometheusUrl: string;
  readonly scrapeIntervalMs: number;
}

const answerLimitMs = 10_000;
/** For all questions about the lag, beside the waiting for scrapes. */
const lagLimitMs = 20_000;

/** Why no interval of the experiment could be measured; undefined when it can. */
export function intervalProblem({ intervalMs }: Experiment, { scrapeIntervalMs }: MetricsSettings): string | undefined {
  if (intervalMs > scrapeIntervalMs) return undefined;
  const [interval, scrape] = [formatDuration(intervalMs), formatDuration(scrapeIntervalMs)];
  return `the interval of ${interval} is not longer than a scrape of ${scrape} (SERIN_PROMETHEUS_SCRAPE_INTERVAL), so it may have no sample at all; use at least two scrapes`;
}

/** Fails as `MetricsUnavailable` when Prometheus does not answer: a run that began now would be blind from its first step on. */
export async function requireMetrics({ prometheusUrl }: MetricsSettings, signal: AbortSignal): Promise<void> {
  const prometheus = connectPrometheus({ baseUrl: prometheusUrl, signal, limitMs: answerLimitMs });
  try {
    await prometheus.ask({ query: 'count(up)', atMs: Date.now() });
  } catch (error) {
    if (!(error instanceof Unmeasured)) throw error;
    throw failure('MetricsUnavailable', { message: `the run would be blind from its first step on: ${error.message}` });
  }
}

/** How to measure the lag of a store: by which clock, and how to wait for its next sample. */
export interface LagMeans {
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Why each interval would be judged by what was answered before it; undefined when its own requests show before it ends, and
 * where the lag cannot be known.
 */
export async function lagProblem(
  experiment: Experiment,
  { prometheusUrl: baseUrl, scrapeIntervalMs }: MetricsSettings,
  { signal, ...means }: LagMeans,
): Promise<string | undefined> {
  const { target, intervalMs } = experiment;
  const revisions = allVersions(experiment).map(({ revision }) => revision);
  const limitMs = lagLimitMs + 4 * scrapeIntervalMs;
  const prometheus = connectPrometheus({ baseUrl, signal, limitMs });
  try {
    const place = { namespace: target.namespace, revisions, limitMs: intervalMs, scrapeIntervalMs };
    const lagMs = await measureLag(prometheus, { ...place, ...means });
    if (lagMs === undefined || lagMs < intervalMs) return undefined;
    const [lag, interval] = [formatDuration(lagMs), formatDuration(intervalMs)];
    const least = formatDuration(Math.ceil((2 * lagMs) / 1000) * 1000);
    return `samples of the metrics show ${lag} late, and the interval is ${interval}: each would be judged by requests from before it; use an interval of at least ${least}, or a store that is written to sooner`;
  } catch (error) {
    // What cannot be measured now is another matter, and is told by another check.
    if (error instanceof Unmeasured) return undefined;
    throw error;
  }
}
