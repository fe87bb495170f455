import { formatDuration } from '../../core/text/duration.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { failure } from '../failures.ts';
import type { PrometheusAccess } from '../../metrics/prometheus/access.ts';
import { connectPrometheus } from '../../metrics/prometheus/prometheus.ts';
import { Unmeasured } from '../../metrics/unmeasured.ts';

/** Where the worker reads metrics. */
export interface MetricsSettings {
  readonly prometheusUrl: string;
  readonly access?: PrometheusAccess;
  readonly scrapeIntervalMs: number;
}

const answerLimitMs = 10_000;

/** Why no interval of the experiment could be measured; undefined when it can. */
export function intervalProblem({ intervalMs }: Experiment, { scrapeIntervalMs }: MetricsSettings): string | undefined {
  if (intervalMs > scrapeIntervalMs) return undefined;
  const [interval, scrape] = [formatDuration(intervalMs), formatDuration(scrapeIntervalMs)];
  return `the interval of ${interval} is not longer than a scrape of ${scrape} (SERIN_PROMETHEUS_SCRAPE_INTERVAL), so nothing could be measured; use at least two scrapes`;
}

/**
 * Why the store of an experiment can never be measured from, such as an access that it refuses or an answer that is none. Fails as
 * `MetricsUnavailable` when it does not answer: a run that began now would be blind from its first step on.
 */
export async function storeProblems(
  { prometheusUrl: baseUrl, access }: MetricsSettings,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const prometheus = connectPrometheus({ baseUrl, access, signal, limitMs: answerLimitMs });
  try {
    await prometheus.ask({ query: 'count(up)', atMs: Date.now() });
    return [];
  } catch (error) {
    if (!(error instanceof Unmeasured)) throw error;
    if (error.kind === 'error') return [`the run would be blind from its first step on: ${error.message}`];
    throw failure('MetricsUnavailable', { message: `the run would be blind from its first step on: ${error.message}` });
  }
}
