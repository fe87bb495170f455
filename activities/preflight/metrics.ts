import { formatDuration } from '../../core/text/duration.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { allVersions } from '../../core/experiment/versions.ts';
import { failure } from '../failures.ts';
import type { PrometheusAccess } from '../../metrics/prometheus/access.ts';
import { measureLag } from '../../metrics/prometheus/lag.ts';
import { lookbackMs } from '../../metrics/prometheus/lateness.ts';
import { connectPrometheus } from '../../metrics/prometheus/prometheus.ts';
import { surveyRevisions } from '../../metrics/prometheus/survey.ts';
import { Unmeasured } from '../../metrics/unmeasured.ts';

/** Where the worker reads metrics. */
export interface MetricsSettings {
  readonly prometheusUrl: string;
  readonly access?: PrometheusAccess;
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
    now: Date.now,
    windowMs: lookbackMs,
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
  { prometheusUrl: baseUrl, access, scrapeIntervalMs }: MetricsSettings,
  { signal, ...means }: LagMeans,
): Promise<string | undefined> {
  const { target, intervalMs } = experiment;
  const revisions = allVersions(experiment).map(({ revision }) => revision);
  const limitMs = lagLimitMs + 4 * scrapeIntervalMs;
  const prometheus = connectPrometheus({ baseUrl, access, signal, limitMs });
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
