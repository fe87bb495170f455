import { formatDuration } from '../../core/text/duration.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { allVersions } from '../../core/experiment/versions.ts';
import { failure } from '../failures.ts';
import type { PrometheusAccess } from '../../metrics/prometheus/access.ts';
import { connectPrometheus } from '../../metrics/prometheus/prometheus.ts';
import { lookbackMs } from '../../metrics/prometheus/scraping.ts';
import { surveyRevisions } from '../../metrics/prometheus/survey.ts';

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

/** What the store's answers say about a run that would begin now. */
export interface StoreFindings {
  /** Why it could never be measured. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Whether an experiment can be measured from the store, by the questions of the run. It never can where the store refuses the
 * access, its answers are none of Prometheus, or its series cannot be told apart. Fails as `MetricsUnavailable` for what may
 * pass by itself: a run that began now would be blind from its first step on.
 */
export async function checkStore(
  experiment: Experiment,
  { prometheusUrl: baseUrl, access, scrapeIntervalMs }: MetricsSettings,
  signal: AbortSignal,
): Promise<StoreFindings> {
  const prometheus = connectPrometheus({ baseUrl, access, signal, limitMs: answerLimitMs });
  const survey = await surveyRevisions(prometheus, {
    namespace: experiment.target.namespace,
    revisions: allVersions(experiment).map(({ revision }) => revision),
    nowMs: Date.now() - scrapeIntervalMs,
    windowMs: experiment.intervalMs + lookbackMs,
    scrapeIntervalMs,
  });
  if (survey.kind === 'observed') return { problems: [], warnings: noSeriesWarning(experiment, survey.noSeries) };
  const message = `the run would be blind from its first step on: ${survey.reason}`;
  if (survey.mayPass) throw failure('MetricsUnavailable', { message });
  return { problems: [message], warnings: [] };
}

/** Metrics of the manifest's own are judged without requests too. */
function noSeriesWarning({ metrics }: Experiment, noSeries: string | undefined): readonly string[] {
  const isBlind = noSeries !== undefined && Object.keys(metrics).length === 0;
  return isBlind ? [`${noSeries}; the run is blind while this lasts`] : [];
}
