import { formatDuration } from '../../core/text/duration.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { failure } from '../failures.ts';
import { connectPrometheus } from '../../metrics/prometheus/prometheus.ts';
import { Unmeasured } from '../../metrics/unmeasured.ts';

/** Where the worker reads metrics. */
export interface MetricsSettings {
  readonly prometheusUrl: string;
  readonly scrapeIntervalMs: number;
}

const answerLimitMs = 10_000;

/** Why no interval of the experiment could be measured; undefined when it can. */
export function intervalProblem({ intervalMs }: Experiment, { scrapeIntervalMs }: MetricsSettings): string | undefined {
  if (intervalMs > scrapeIntervalMs) return undefined;
  const [interval, scrape] = [formatDuration(intervalMs), formatDuration(scrapeIntervalMs)];
  return `the interval of ${interval} is not longer than a scrape of ${scrape} (SERIN_PROMETHEUS_SCRAPE_INTERVAL), so nothing could be measured; use at least two scrapes`;
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
