import type { Closure } from '../experiment/calendar.ts';
import type { Approvers } from '../experiment/approvers.ts';
import type { Assessment } from '../verdicts/assessment.ts';
import type { RewardComparison } from '../verdicts/compare-reward.ts';
import type { ObjectName, Reward } from '../experiment/experiment.ts';
import type { ExperimentEvent } from '../experiment/event.ts';
import type { MetricDefinitions } from '../experiment/metric.ts';
import type { Outcome, Stage } from '../experiment/stage.ts';
import type { Visibility } from '../measurements/measurement.ts';
import type { HumanRequest } from '../planner/requests.ts';
import type { IterationRecord } from '../planner/experiment-state.ts';
import type { HolderReport } from '../traffic/lease.ts';
import type { WrittenMetrics } from '../experiment/written-metrics.ts';

/** A version of the app as the report names it. */
export interface VersionReport {
  readonly name: string;
  readonly revision: string;
  /** Known once the preflight has found the revision. */
  readonly image?: string;
}

/** A version that is judged beside the baseline; in a conformance test the baseline itself. */
export interface JudgedReport extends VersionReport {
  readonly assessment?: Assessment;
  /** Present in A/B and A/B/N tests only. */
  readonly reward?: RewardComparison;
  readonly suspect: boolean;
  /** Why the version was eliminated, while others are still judged. */
  readonly out?: string;
}

/** What a run tries again, since it has failed. */
export interface Retrying {
  readonly activity: string;
  /** How often it has failed. */
  readonly failedAttempts: number;
  /** What the last failed attempt said. */
  readonly reason: string;
}

/** The state of an experiment as its users see it: the answer of the `status` query, JSON-safe. Times are epoch ms. */
export interface Report {
  readonly schemaVersion: 1;
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly target: ObjectName;
  readonly testingPattern: string;
  readonly deploymentPattern: string;
  readonly baseline: VersionReport;
  /** Definitions of the metrics that are not built in. */
  readonly metrics?: MetricDefinitions;
  /** The names of metrics in the manifest, where they are not serin's. */
  readonly writtenMetrics?: WrittenMetrics;
  /** The reward of an A/B or A/B/N test. */
  readonly reward?: Reward;
  /** The versions that are judged, in the order of the manifest. */
  readonly judged: readonly JudgedReport[];
  readonly stage: Stage;
  readonly outcome?: Outcome;
  /** Why the outcome is what it is, with numbers. */
  readonly reason?: string;
  /** The latest event in iter8's form, `IterationUpdate: Completed Iteration 3`. */
  readonly message: string;
  /** The latest event as data. */
  readonly event: ExperimentEvent;
  readonly startedAtMs?: number;
  readonly completedAtMs?: number;
  readonly intervalMs: number;
  readonly completedIterations: number;
  readonly iterations: number;
  /** When the next observation is due. */
  readonly nextAtMs?: number;
  /**
   * The traffic that the plan chose last, in percent; `confirmed` when the cluster has reported it. A conformance test moves no
   * traffic: the weight is what the version had at the beginning.
   */
  readonly weights: {
    readonly baseline: number;
    readonly candidates: readonly number[];
    readonly confirmed: boolean;
  };
  /** Why the weight is what it is. */
  readonly weightReason?: string;
  readonly paused?: HumanRequest;
  /** Present while a calendar allows no advance. */
  readonly closed?: Closure;
  readonly awaitingApproval?: OpenGate;
  /** Present while a promoted version is watched. */
  readonly baking?: Baking;
  readonly approved?: HumanRequest;
  readonly abortRequested?: HumanRequest;
  readonly blind?: { readonly sinceMs: number; readonly reason: string };
  /** How late the metrics back end showed its samples last, and how its clock differs from the worker's. */
  readonly metricsVisibility?: Visibility;
  readonly waitingFor?: HolderReport;
  /** What is tried again now. Only Temporal knows it: who reads a report from there adds it, the `status` query has none. */
  readonly retrying?: Retrying;
  /** The version that would be promoted now, by name; absent while no version satisfies all objectives. */
  readonly winner?: string;
  /** The version that is recommended now, by name: the winner, else the baseline. */
  readonly recommended: string;
  /** From the abort or the verdict to the accepted write of 100 % baseline. */
  readonly timeToSafeMs?: number;
  /** The latest observed intervals, oldest first; bounded. */
  readonly history: readonly IterationRecord[];
  readonly warnings: readonly string[];
}

/** The time in which a promoted version is watched, and can be rolled back at once. */
export interface Baking {
  /** The promoted version, by name. */
  readonly version: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly rejected?: HumanRequest;
}

/** A gate at which people decide. */
export interface OpenGate {
  readonly sinceMs: number;
  readonly untilMs: number;
  /** The version that is asked about, by name; absent where none leads. */
  readonly version?: string;
  /** Whether the end of the time promotes, where it else rolls back. */
  readonly promotes?: boolean;
  /** Who must approve, and who has; absent where anybody may. */
  readonly approvers?: Approvers;
  readonly approvals?: readonly HumanRequest[];
}

/** Reads a value as a report; undefined for anything that this version of serin cannot read. */
export function asReport(value: unknown): Report | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { schemaVersion, stage, weights }: { schemaVersion?: unknown; stage?: unknown; weights?: unknown } = value;
  const isReport = schemaVersion === 1 && typeof stage === 'string' && typeof weights === 'object';
  // The version names the shape, and additions to it are optional.
  return isReport ? (value as Report) : undefined;
}
