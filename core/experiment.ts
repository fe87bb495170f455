import type { Analysis } from './analysis.ts';
import { percentileMetrics } from './percentile.ts';

/** A namespaced Kubernetes object, by name. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** The metrics of the seed's manifests, and iter8's built-in percentiles. Latencies are in milliseconds, `error-rate` is a share in 0..1. */
export const metricNames = [
  'request-count',
  'mean-latency',
  ...percentileMetrics,
  'error-count',
  'error-rate',
] as const;
export type MetricName = (typeof metricNames)[number];

/** A limit on a metric; both limits are inclusive, in the metric's unit, and at least one is present. */
export interface Objective {
  readonly metric: MetricName;
  readonly upperLimit?: number;
  readonly lowerLimit?: number;
  /** A failed verdict ends the run at once; otherwise the candidate drops to its floor weight and may recover. */
  readonly rollbackOnFailure: boolean;
}

/** A version of the app: a Knative revision, and the variables that the finish actions use when it wins. */
export interface Version {
  readonly name: string;
  readonly revision: string;
  readonly variables: Readonly<Record<string, string>>;
}

export type Role = 'baseline' | 'candidate';

/** One step of the start or finish actions. */
export type Task =
  | { readonly kind: 'init-experiment' }
  | {
      readonly kind: 'exec';
      readonly command: string;
      readonly args: readonly string[];
      /** `{{ .variable }}` in the arguments is replaced by the winner's variables. */
      readonly interpolate: boolean;
    };

/** How the candidate's weight may move; percents of the target's traffic, 0..100. */
export interface WeightLimits {
  readonly maxCandidateWeight: number;
  readonly maxCandidateWeightIncrement: number;
}

/** What a run does when its metrics stay out of sight for `blindLimitMs`. */
export type BlindPolicy = 'rollback' | 'hold';

/** Which responses count as errors. */
export type ErrorClass = '5xx' | 'not-2xx';

/** One experiment, normalised: every default is filled in, every quantity is a number in the unit of its name. */
export interface Experiment {
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string;
  readonly target: ObjectName;
  readonly testingPattern: 'Canary';
  readonly deploymentPattern: 'Progressive' | 'FixedSplit';
  readonly baseline: Version;
  readonly candidate: Version;
  readonly objectives: readonly Objective[];
  /** Measured and reported, never judged. */
  readonly indicators: readonly MetricName[];
  readonly weights: WeightLimits;
  readonly intervalMs: number;
  /** Iterations in all: `iterationsPerLoop * maxLoops`. */
  readonly iterations: number;
  readonly start: readonly Task[];
  readonly finish: readonly Task[];
  /** Fewer requests than this leave a verdict undecided. */
  readonly minSamples: number;
  /** The candidate is suspect when an estimate is beyond its limit by more than this share of the limit. */
  readonly tolerance: number;
  readonly errorClass: ErrorClass;
  readonly approval: 'required' | 'none';
  readonly approvalLimitMs: number;
  readonly blindLimitMs: number;
  readonly onBlind: BlindPolicy;
  /** How long the target and its revisions may take to become ready before the first write. */
  readonly readinessLimitMs: number;
  /** How long the candidate may be unready, once it has traffic, before it is rolled back. */
  readonly candidateGraceMs: number;
  /** The longest that one task may run. */
  readonly taskLimitMs: number;
  /** How verdicts come about; absent: as `thresholdAnalysis`. */
  readonly analysis?: Analysis;
  /** For each objective what the preflight learned about bursts from the baseline's history. */
  readonly correlations?: readonly (number | null)[];
  /** Whether an abort runs the finish actions with the baseline's variables. */
  readonly finishOnAbort: boolean;
}

/** What an experiment has where its manifest is silent. */
export const defaultSettings = {
  minSamples: 100,
  tolerance: 0.5,
  errorClass: '5xx',
  approval: 'none',
  approvalLimitMs: 24 * 3_600_000,
  blindLimitMs: 10 * 60_000,
  onBlind: 'rollback',
  readinessLimitMs: 5 * 60_000,
  candidateGraceMs: 60_000,
  taskLimitMs: 5 * 60_000,
  finishOnAbort: false,
} as const satisfies Partial<Experiment>;

/** Defaults of everything a manifest may leave out, in one place. */
export const experimentDefaults = {
  deploymentPattern: 'Progressive',
  maxCandidateWeight: 100,
  maxCandidateWeightIncrement: 10,
  intervalSeconds: 20,
  iterationsPerLoop: 15,
  maxLoops: 1,
  ...defaultSettings,
} as const;

export function formatObjectName(name: ObjectName): string {
  return `${name.namespace}/${name.name}`;
}
