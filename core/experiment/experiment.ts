import type { Analysis } from './analysis.ts';
import type { MetricDefinitions, MetricName } from './metric.ts';
import type { ObjectName } from '../text/object-name.ts';
import type { Task } from './task-kinds.ts';

export type { Task };

export { formatObjectName } from '../text/object-name.ts';

export type { ObjectName } from '../text/object-name.ts';

/** A limit on a metric; limits are inclusive, in the metric's unit, and at least one is present. */
export interface Objective {
  readonly metric: MetricName;
  readonly upperLimit?: number;
  readonly lowerLimit?: number;
  /** At most so many times the baseline's value. */
  readonly maxRatioToBaseline?: number;
  /** A failed verdict ends the run at once; otherwise the candidate drops to its floor weight and may recover. */
  readonly rollbackOnFailure: boolean;
}

/** A version of the app: a Knative revision, and the variables that the finish actions use when it wins. */
export interface Version {
  readonly name: string;
  readonly revision: string;
  readonly variables: Readonly<Record<string, string>>;
}

export const testingPatterns = ['Canary', 'Conformance', 'A/B', 'A/B/N'] as const;

export type TestingPattern = (typeof testingPatterns)[number];

export const deploymentPatterns = ['Progressive', 'FixedSplit', 'BlueGreen'] as const;

export type DeploymentPattern = (typeof deploymentPatterns)[number];

/** What an A/B test maximises or minimises among the versions that satisfy the objectives. */
export interface Reward {
  readonly metric: MetricName;
  readonly preferredDirection: 'High' | 'Low';
}

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
  readonly testingPattern: TestingPattern;
  readonly deploymentPattern: DeploymentPattern;
  /** What serves now; the only version of a conformance test. */
  readonly baseline: Version;
  /** None in a conformance test, one in a canary or an A/B test. */
  readonly candidates: readonly Version[];
  /** The versions are not named: the preflight finds them on the target. */
  readonly discovers: boolean;
  /** Of A/B and A/B/N. */
  readonly reward?: Reward;
  readonly objectives: readonly Objective[];
  /** Measured and reported, never judged. */
  readonly indicators: readonly MetricName[];
  /** Of the metrics that are not built in; filled in when the manifest is read. */
  readonly metrics: MetricDefinitions;
  readonly weights: WeightLimits;
  readonly intervalMs: number;
  /** Iterations in all: `iterationsPerLoop * maxLoops`. */
  readonly iterations: number;
  readonly start: readonly Task[];
  readonly finish: readonly Task[];
  /** Tasks after each `iterationsPerLoop` iterations. */
  readonly loop: readonly Task[];
  readonly iterationsPerLoop: number;
  /** Sent at every ending, whatever it is; failures are warnings. */
  readonly notifications: readonly Task[];
  /** What the finish actions deploy must render as it did at the start, to the byte. */
  readonly isPinned: boolean;
  /** Whether a roll back runs the finish actions with the baseline's variables. */
  readonly finishOnRollBack: boolean;
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
  readonly analysis: Analysis;
  /** For each objective what the preflight learned about bursts from the baseline's history; empty before. */
  readonly correlations: readonly (number | null)[];
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
  finishOnRollBack: true,
  finishOnAbort: false,
  isPinned: false,
  loop: [],
  notifications: [],
  metrics: {},
  correlations: [],
} as const satisfies Partial<Experiment>;

export type Settings = Pick<Experiment, keyof typeof defaultSettings>;

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
