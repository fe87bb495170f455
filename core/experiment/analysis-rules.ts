import type { AnalysisDefaults } from './analysis.ts';
import type { Experiment } from './experiment.ts';
import type { MetricName } from './metric.ts';
import { metricFacts } from './metric.ts';

/**
 * How one of several candidates is judged, so that the chance that any bad one of them passes keeps the bound (Bonferroni).
 * A fail concerns its own candidate alone and needs no correction.
 */
export function analysisPerCandidate<A extends AnalysisDefaults>(analysis: A, candidates: number): A {
  return { ...analysis, falsePass: analysis.falsePass / candidates };
}

/** The share of the limit by which an estimate may exceed it: what a pass is tested against. */
export function metricTolerance(experiment: Pick<Experiment, 'analysis' | 'tolerance'>, metric: MetricName): number {
  const { kind } = metricFacts(metric).kind;
  const isLatency = kind === 'mean-latency' || kind === 'tail-latency';
  return isLatency ? experiment.analysis.latencyTolerance : experiment.tolerance;
}

/** The warm-up in whole intervals, since one that begins before its end is not judged; ms. */
export function wholeWarmUpMs(experiment: Pick<Experiment, 'analysis' | 'intervalMs'>): number {
  return Math.ceil(experiment.analysis.warmUpMs / experiment.intervalMs) * experiment.intervalMs;
}

/** How long an undecided run may go on where its manifest is silent: four times the planned duration. */
export function defaultExtensionMs({ intervalMs, iterations }: Pick<Experiment, 'intervalMs' | 'iterations'>): number {
  return 4 * intervalMs * iterations;
}
