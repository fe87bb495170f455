import { sequentialAnalysis } from '../../core/experiment/analysis.ts';
import { defined } from '../../core/text/defined.ts';
import type { Analysis } from '../../core/experiment/analysis.ts';
import { defaultSettings } from '../../core/experiment/experiment.ts';
import type { Experiment, Objective } from '../../core/experiment/experiment.ts';
import { bucketed, latencyByTail } from '../../core/offline/latency.ts';
import { simulate } from '../../core/offline/simulate.ts';
import type { Rule } from './peers.ts';
import { intervalSeconds, limits } from './traffic.ts';
import type { Behaviour } from './traffic.ts';

const errorRate: Objective = { metric: 'error-rate', upperLimit: limits.errorRate, rollbackOnFailure: true };
const errorsOnly: readonly Objective[] = [errorRate];
export const threeObjectives: readonly Objective[] = [
  errorRate,
  { metric: '95th-percentile-tail-latency', upperLimit: limits.p95Ms, rollbackOnFailure: true },
  { metric: 'mean-latency', upperLimit: limits.meanMs, rollbackOnFailure: true },
];

export interface OurSettings {
  readonly objectives?: readonly Objective[];
  readonly tolerance?: number;
  readonly latencyTolerance?: number;
  /** The iterations to which the 12 planned ones may be extended. */
  readonly mostIterations?: number;
  readonly analysis?: Partial<Analysis>;
  readonly correlations?: readonly number[];
  /** How many versions are judged beside the baseline; all behave alike. */
  readonly candidates?: number;
  /** By default a tenth of the limit. */
  readonly baselineErrorRate?: Behaviour['errorRate'];
  /** By default good, where the candidate has latencies. */
  readonly baselineLatency?: Behaviour['latency'];
}

const goodLatency = bucketed(latencyByTail(60));

const planned = 12;

/** The weights of the peers' ramp, percent. */
const steps = [5, 15, 25, 35, 45, 55, 65, 75, 85, 95];

function buildExperiment(settings: OurSettings): Experiment {
  const { objectives = errorsOnly, tolerance = 0.5, latencyTolerance = 0.25, mostIterations = planned } = settings;
  const { candidates = 1 } = settings;
  const intervalMs = intervalSeconds * 1000;
  return {
    apiVersion: 'serin.dev/v1alpha1',
    name: 'bench',
    namespace: 'default',
    target: { namespace: 'default', name: 'bench' },
    testingPattern: candidates === 1 ? 'Canary' : 'A/B/N',
    deploymentPattern: 'Progressive',
    baseline: { name: 'baseline', revision: 'v1', variables: {} },
    candidates: Array.from({ length: candidates }, (_, index) => {
      return { name: `candidate-${index + 1}`, revision: `v${index + 2}`, variables: {} };
    }),
    discovers: false,
    objectives,
    indicators: [],
    weights: { maxCandidateWeight: 95, maxCandidateWeightIncrement: 10 },
    intervalMs,
    iterations: planned,
    iterationsPerLoop: planned,
    start: [],
    finish: [],
    ...defaultSettings,
    tolerance,
    analysis: {
      ...sequentialAnalysis,
      dispersion: 'off',
      latencyTolerance,
      steps,
      undecided: mostIterations > planned ? 'extend' : 'rollback',
      longestExtensionMs: (mostIterations - planned) * intervalMs,
      ...settings.analysis,
    },
    ...defined({ correlations: settings.correlations }),
  };
}

/**
 * serin's method, by the functions that judge real experiments; the baseline has a tenth of the limit in errors, unless it is said,
 * and good latencies.
 */
export function ours(settings: OurSettings): Rule {
  const experiment = buildExperiment(settings);
  return ({ random, requestsPerSecond }, candidate) => {
    const { latency } = candidate;
    const baseline = {
      errorRate: settings.baselineErrorRate ?? limits.errorRate / 10,
      ...(latency === undefined ? {} : { latency: settings.baselineLatency ?? goodLatency }),
    };
    const candidates = experiment.candidates.map(() => candidate);
    return simulate({ experiment, baseline, candidates, requestsPerSecond, random });
  };
}
