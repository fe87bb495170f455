import { defaultSettings } from '../../core/experiment/experiment.ts';
import type { Experiment, Task } from '../../core/experiment/experiment.ts';
import { defaultExtensionMs } from '../../core/experiment/analysis-rules.ts';
import { thresholdAnalysis } from '../../core/experiment/analysis.ts';
import type { Analysis, AnalysisDefaults } from '../../core/experiment/analysis.ts';
import type { Bucket, Counts } from '../../core/measurements/measurement.ts';

export interface ExperimentChanges extends Omit<Partial<Experiment>, 'analysis'> {
  readonly analysis?: AnalysisDefaults & Partial<Analysis>;
}

/** An experiment like the seed's, with short steps; a test overrides only what it is about. */
export function anExperiment({ analysis = thresholdAnalysis, ...changes }: ExperimentChanges = {}): Experiment {
  const { iterations = 5, intervalMs = 12_000 } = changes;
  return {
    ...defaultSettings,
    apiVersion: 'iter8.tools/v2alpha2',
    name: 'canary',
    namespace: 'default',
    target: { namespace: 'default', name: 'sample-app' },
    testingPattern: 'Canary',
    deploymentPattern: 'Progressive',
    baseline: { name: 'current', revision: 'sample-app-v1', variables: { promote: 'values' } },
    candidates: [{ name: 'candidate', revision: 'sample-app-v2', variables: { promote: 'candidate-values' } }],
    discovers: false,
    objectives: [
      { metric: 'mean-latency', upperLimit: 50, rollbackOnFailure: true },
      { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: true },
    ],
    indicators: [],
    weights: { maxCandidateWeight: 100, maxCandidateWeightIncrement: 10 },
    intervalMs,
    iterations,
    iterationsPerLoop: iterations,
    analysis: { longestExtensionMs: defaultExtensionMs({ iterations, intervalMs }), ...analysis },
    start: [{ kind: 'init-experiment' }],
    finish: [
      {
        kind: 'exec',
        command: 'helm',
        args: ['upgrade', 'sample-app', 'https://charts/{{ .promote }}.tgz'],
        interpolate: true,
      },
    ],
    ...changes,
  };
}

/** Counts of one version: all requests take `latencyMs`. */
export function someCounts({ requests = 1000, errors = 0, latencyMs = 10 } = {}): Counts {
  const boundaries = [5, 10, 20, 40, 60, 80, 100, 150, 200, 500, 1000, null];
  const buckets = boundaries.map((le): Bucket => ({ le, count: le === null || latencyMs <= le ? requests : 0 }));
  return {
    requests,
    errors5xx: errors,
    errorsNot2xx: errors,
    latencySumMs: requests * latencyMs,
    buckets: requests === 0 ? [] : buckets,
  };
}

/** A task that sends 100 requests to one version and counts the answers. */
export function aLoad(): Task<'collect'> {
  return {
    kind: 'collect',
    versions: [{ name: 'my-app', url: 'http://my-app', headers: [], requestsPerSecond: 8 }],
    amount: { kind: 'requests', count: 100 },
    connections: 4,
    loadOnly: false,
  };
}
