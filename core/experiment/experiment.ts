import type { Calendar } from './calendar.ts';
import type { ApprovalLimitPolicy, Approvers } from './approvers.ts';
import type { Analysis } from './analysis.ts';
import type { MetricDefinitions, MetricName } from './metric.ts';
import type { ObjectName } from '../text/object-name.ts';
import type { Task } from './task-kinds.ts';
import type { WrittenMetrics } from './written-metrics.ts';

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

/** How versions are compared; iter8's names. */
export const testingPatterns = ['Canary', 'Conformance', 'A/B', 'A/B/N'] as const;

export type TestingPattern = (typeof testingPatterns)[number];

/** How the candidates' weights move; iter8's names. */
export const deploymentPatterns = ['Progressive', 'FixedSplit', 'BlueGreen'] as const;

export type DeploymentPattern = (typeof deploymentPatterns)[number];

/** What an A/B test maximizes or minimizes among the versions that satisfy the objectives. */
export interface Reward {
  readonly metric: MetricName;
  readonly preferredDirection: 'High' | 'Low';
}

/** How the candidate's weight may move; percents of the target's traffic, 0..100. */
export interface WeightLimits {
  readonly maxCandidateWeight: number;
  readonly maxCandidateWeightIncrement: number;
}

/** What a run does when it has had no metrics for `blindLimitMs`. */
export type BlindPolicy = 'rollback' | 'hold';

/** What an experiment does while an earlier one holds its target: wait for it, end it, or fail. */
export const heldPolicies = ['queue', 'replace', 'reject'] as const;

export type HeldPolicy = (typeof heldPolicies)[number];

/** Which responses count as errors. */
export type ErrorClass = '5xx' | 'not-2xx';

/** One experiment, normalized: every default is filled in, every quantity is a number in the unit of its name. */
export interface Experiment {
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string;
  readonly target: ObjectName;
  readonly testingPattern: TestingPattern;
  readonly deploymentPattern: DeploymentPattern;
  /** What serves now; the only version of a conformance test. */
  readonly baseline: Version;
  /** None in a conformance test, one in a canary or an A/B test, several in an A/B/N test. */
  readonly candidates: readonly Version[];
  /** Whether the manifest names no versions, so that they are found on the target before the preflight. */
  readonly discovers: boolean;
  /** Present in A/B and A/B/N tests only. */
  readonly reward?: Reward;
  readonly objectives: readonly Objective[];
  /** Measured and reported, never judged. */
  readonly indicators: readonly MetricName[];
  /** Definitions of the metrics that are not built in; filled in when the manifest is read. */
  readonly metrics: MetricDefinitions;
  /** Present where the manifest names metrics otherwise than serin. */
  readonly writtenMetrics?: WrittenMetrics;
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
  /** Whether what the finish actions deploy must render as it did at the start, to the byte. */
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
  readonly onApprovalLimit: ApprovalLimitPolicy;
  /** How often people are reminded of an approval that is waited for; absent: never. */
  readonly remindEveryMs?: number;
  /** Present where only people whose names are verified may approve. */
  readonly approvers?: Approvers;
  /** How long the promoted version is watched, and can be rolled back at once; absent: not at all. */
  readonly bakeMs?: number;
  /** When it may advance; absent: at any time. The namespace may have a calendar too. */
  readonly calendar?: Calendar;
  readonly blindLimitMs: number;
  readonly onBlind: BlindPolicy;
  readonly whenHeld: HeldPolicy;
  /** How long the target and its revisions may take to become ready before the first write. */
  readonly readinessLimitMs: number;
  /** How long the candidate may be unready, once it has traffic, before it is rolled back. */
  readonly candidateGraceMs: number;
  /** The longest that one task may run. */
  readonly taskLimitMs: number;
  readonly analysis: Analysis;
  /**
   * For each objective the intraclass correlation of bad requests, or of latencies, within an interval, 0..1, from
   * the baseline's history; null where it is not known, empty before the preflight.
   */
  readonly correlations: readonly (number | null)[];
  /** Whether an abort runs the finish actions with the baseline's variables. */
  readonly finishOnAbort: boolean;
}

/** The settings of an experiment that its manifest leaves out. */
export const defaultSettings = {
  minSamples: 100,
  tolerance: 0.5,
  errorClass: '5xx',
  approval: 'none',
  approvalLimitMs: 24 * 3_600_000,
  onApprovalLimit: 'rollback',
  blindLimitMs: 10 * 60_000,
  onBlind: 'rollback',
  whenHeld: 'queue',
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

/** The settings that have a default. */
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
