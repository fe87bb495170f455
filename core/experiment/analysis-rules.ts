import type { Experiment } from './experiment.ts';
import type { MetricName } from './metric.ts';
import { metricFacts } from './metric.ts';

/**
 * The experiment by whose bounds each single candidate is judged: the candidates share the chance of a false pass, so that the chance
 * that any bad one of them passes keeps the stated bound (Bonferroni). Those that were eliminated keep their part. A fail
 * concerns its own candidate alone and needs no correction.
 */
export function withBoundsPerCandidate(experiment: Experiment): Experiment {
  const { analysis } = experiment;
  const falsePass = analysis.falsePass / Math.max(1, experiment.candidates.length);
  return { ...experiment, analysis: { ...analysis, falsePass } };
}

/** The share of the limit by which an estimate may exceed it: what a pass is tested against. */
export function metricTolerance(experiment: Pick<Experiment, 'analysis' | 'tolerance'>, metric: MetricName): number {
  const { kind } = metricFacts(metric).kind;
  const isLatency = kind === 'mean-latency' || kind === 'tail-latency';
  return isLatency ? experiment.analysis.latencyTolerance : experiment.tolerance;
}

/** The warm-up rounded up to whole intervals, ms: an interval that begins before its end is not judged. */
export function wholeWarmUpMs(experiment: Pick<Experiment, 'analysis' | 'intervalMs'>): number {
  return Math.ceil(experiment.analysis.warmUpMs / experiment.intervalMs) * experiment.intervalMs;
}

/** The default of how long an undecided run may go on after its plan, ms: four times the planned duration. */
export function defaultExtensionMs({ intervalMs, iterations }: Pick<Experiment, 'intervalMs' | 'iterations'>): number {
  return 4 * intervalMs * iterations;
}
