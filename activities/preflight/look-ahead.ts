import { admit } from '../../core/admission.ts';
import { analysisOf } from '../../core/analysis.ts';
import type { Experiment } from '../../core/experiment.ts';
import { fewestHistoryIntervals } from '../../core/stats/dispersion.ts';
import { firstStep } from '../../core/weights.ts';
import type { PreflightReport } from '../../workflows/contract.ts';
import { readHistory } from '../metrics/history.ts';
import type { History } from '../metrics/history.ts';
import type { MetricsSettings } from './metrics.ts';

/** What the time before the run tells about it: bursts, the first step, and whether the schedule can bring a verdict. */
export async function lookAhead(
  experiment: Experiment,
  { prometheusUrl: baseUrl, scrapeIntervalMs }: MetricsSettings,
  signal: AbortSignal,
): Promise<Pick<PreflightReport, 'correlations' | 'firstStep' | 'warnings'>> {
  const history = await readHistory({ baseUrl, scrapeIntervalMs, experiment, nowMs: Date.now(), signal });
  const { requestsPerSecond, correlations, baseline } = history;
  const rate = requestsPerSecond === undefined ? {} : { requestsPerSecond };
  const latencies =
    baseline.requests === 0 ? {} : { latencies: { buckets: baseline.buckets, sumMs: baseline.latencySumMs } };
  const { warnings } = admit(experiment, { ...rate, ...latencies, scrapeIntervalMs });
  const expected = requestsPerSecond === undefined ? undefined : (requestsPerSecond * experiment.intervalMs) / 1000;
  return {
    correlations,
    firstStep: firstStep(experiment, expected),
    warnings: [...warnings, ...dispersionWarning(experiment, history)],
  };
}

function dispersionWarning(experiment: Experiment, { correlations, intervals }: History): readonly string[] {
  const { method, dispersion } = analysisOf(experiment);
  if (method !== 'sequential' || dispersion !== 'auto' || intervals >= fewestHistoryIntervals) return [];
  const isTested = experiment.objectives.some(({ metric }) => metric === 'error-rate' || metric.includes('tail'));
  if (!isTested || correlations.some((correlation) => correlation !== null)) return [];
  return [
    `dispersion: the baseline has ${intervals} intervals of history with requests, and ${fewestHistoryIntervals} are needed to learn how errors come together; requests are taken for independent`,
  ];
}
