import { forecast, requestsPerInterval } from '../../core/offline/forecast.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { metricFacts } from '../../core/experiment/metric.ts';
import { fewestHistoryIntervals } from '../../core/stats/dispersion.ts';
import { firstWeights } from '../../core/planner/share-among-candidates.ts';
import type { PreflightReport } from '../../contract/preparation.ts';
import { readHistory, toSurroundings } from '../../metrics/prometheus/history.ts';
import type { RequestHistory } from '../../metrics/prometheus/history.ts';
import type { MetricsSettings } from './metrics.ts';

/** The forecast from the time before the run: bursts, the first step, and warnings where the schedule can bring no verdict. */
export async function forecastFromHistory(
  { experiment, weights }: { readonly experiment: Experiment; readonly weights: readonly number[] },
  { prometheusUrl: baseUrl, access, scrapeIntervalMs }: MetricsSettings,
  signal: AbortSignal,
): Promise<Pick<PreflightReport, 'correlations' | 'firstStep' | 'warnings'>> {
  const history = await readHistory({ baseUrl, access, experiment, nowMs: Date.now(), signal });
  const { requestsPerSecond, correlations } = history;
  const [candidateWeight = 100] = weights;
  const { warnings } = forecast(experiment, { ...toSurroundings(history), candidateWeight, scrapeIntervalMs });
  return {
    correlations,
    firstStep: firstWeights(experiment, requestsPerInterval(experiment, requestsPerSecond)),
    warnings: [...warnings, ...dispersionWarning(experiment, history)],
  };
}

function dispersionWarning(experiment: Experiment, { correlations, intervals }: RequestHistory): readonly string[] {
  const { method, dispersion } = experiment.analysis;
  if (method !== 'sequential' || dispersion !== 'auto') return [];
  const unknown = experiment.objectives.filter(({ metric }, index) => {
    const { kind } = metricFacts(metric, experiment.metrics).kind;
    const isTested = kind === 'error-share' || kind === 'tail-latency' || kind === 'mean-latency';
    return isTested && (correlations[index] ?? null) === null;
  });
  if (unknown.length === 0) return [];
  const cause =
    intervals < fewestHistoryIntervals
      ? `the baseline has ${intervals} intervals of history with requests, and ${fewestHistoryIntervals} are needed to learn from`
      : `the baseline's history has nothing bad to learn from`;
  const metrics = unknown.map(({ metric }) => metric).join(', ');
  return [
    `dispersion: ${cause}; the requests of an interval are taken for independent (${metrics}). Where bad ones come in bursts, set serin.dev/dispersion to a number`,
  ];
}
