import { thresholdAnalysis } from './analysis.ts';
import type { Analysis } from './analysis.ts';
import type { Experiment } from './experiment.ts';
import type { MetricName } from './metric.ts';
import { metricFacts } from './metric.ts';

/** Experiments that were started before there was a choice have none. */
export function effectiveAnalysis({ analysis }: Pick<Experiment, 'analysis'>): Analysis {
  return analysis ?? thresholdAnalysis;
}

/**
 * How one of several candidates is judged, so that the chance that any bad one of them passes keeps the bound (Bonferroni).
 * A fail concerns its own candidate alone and needs no correction.
 */
export function analysisPerCandidate(analysis: Analysis, candidates: number): Analysis {
  return { ...analysis, falsePass: analysis.falsePass / candidates };
}

/** The share of the limit by which an estimate may exceed it: what a pass is tested against. */
export function metricTolerance(experiment: Pick<Experiment, 'analysis' | 'tolerance'>, metric: MetricName): number {
  const { kind } = metricFacts(metric).kind;
  const isLatency = kind === 'mean-latency' || kind === 'tail-latency';
  return isLatency ? effectiveAnalysis(experiment).latencyTolerance : experiment.tolerance;
}

/** The warm-up in whole intervals, since one that begins before its end is not judged; ms. */
export function wholeWarmUpMs(experiment: Pick<Experiment, 'analysis' | 'intervalMs'>): number {
  return Math.ceil(effectiveAnalysis(experiment).warmUpMs / experiment.intervalMs) * experiment.intervalMs;
}

/** How long an undecided run may go on after its last iteration. */
export function longestExtensionMs(experiment: Pick<Experiment, 'analysis' | 'intervalMs' | 'iterations'>): number {
  return effectiveAnalysis(experiment).longestExtensionMs ?? 4 * experiment.intervalMs * experiment.iterations;
}
