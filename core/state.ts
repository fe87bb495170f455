import type { Assessment } from './assessment.ts';
import { addCounts } from './counters.ts';
import type { Evidence } from './evidence.ts';
import type { Experiment } from './experiment.ts';
import type { Counts } from './measurement.ts';
import { noCounts } from './measurement.ts';
import type { TaggedRevision } from './target.ts';
import type { WeightDecision } from './weights.ts';
import type { HolderReport, HumanRequest, IterationRecord, Outcome, Stage } from './report.ts';

/** Iterations and warnings that the state keeps for people; older ones are in the workflow's history. */
const keptIterations = 50;
const keptWarnings = 20;

/**
 * Everything an experiment knows about its run: one plain object, so that it passes through continue-as-new.
 * Times are epoch milliseconds, weights are the candidate's percent.
 */
export interface ExperimentState {
  readonly schemaVersion: 1;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly temporalAddress: string;
  /** Search attributes that the Temporal namespace has. */
  readonly searchAttributes: readonly string[];
  readonly experiment?: Experiment;
  readonly stage: Stage;
  readonly outcome?: Outcome;
  readonly reason?: string;
  readonly message: string;
  readonly startedAtMs?: number;
  readonly completedAtMs?: number;
  /** The baseline has been verified and the target is ours: from now on every ending makes the traffic safe. */
  readonly verified: boolean;
  /** Tags of the target when the run began. */
  readonly tags: readonly TaggedRevision[];
  readonly images?: { readonly baseline: string; readonly candidate: string };
  /** What the preflight chose to begin with. */
  readonly firstStep?: WeightDecision;
  /** Sequence of the latest traffic write that was planned. */
  readonly sequence: number;
  readonly weight: number;
  readonly confirmed: boolean;
  readonly weightReason?: string;
  /** Completed iterations; intervals that were blind or paused do not count. */
  readonly iteration: number;
  /** The last deadline of the grid: the next observation is due one interval later. */
  readonly deadlineMs: number;
  /** End of the last measured window. */
  readonly observedUntilMs: number;
  readonly totals: { readonly baseline: Counts; readonly candidate: Counts };
  readonly assessment?: Assessment;
  readonly suspect: boolean;
  readonly blind?: { readonly sinceMs: number; readonly reason: string };
  readonly candidateUnreadySinceMs?: number;
  /** Since when the candidate, which has a share of the traffic, has had no request. */
  readonly starvedSinceMs?: number;
  /** Since when both versions fail together. */
  readonly environmentSinceMs?: number;
  /** Since when the run goes on after its last iteration, undecided. */
  readonly extendedSinceMs?: number;
  /** What both versions have shown, under the method with error bounds. */
  readonly evidence?: Evidence;
  /** What load tasks have counted so far, by the version's name. */
  readonly collected?: Readonly<Record<string, Counts>>;
  readonly paused?: HumanRequest;
  readonly gateOpenedAtMs?: number;
  readonly approved?: HumanRequest;
  readonly rejected?: HumanRequest;
  readonly abort?: HumanRequest;
  readonly cancelled: boolean;
  readonly waitingFor?: HolderReport;
  readonly timeToSafeMs?: number;
  readonly history: readonly IterationRecord[];
  readonly warnings: readonly string[];
}

export function initialState(identity: { workflowId: string; firstRunId: string }): ExperimentState {
  return {
    schemaVersion: 1,
    ...identity,
    temporalAddress: '',
    searchAttributes: [],
    stage: 'Waiting',
    message: 'ExperimentInitialized: Experiment status initialized',
    verified: false,
    tags: [],
    sequence: 0,
    weight: 0,
    confirmed: false,
    iteration: 0,
    deadlineMs: 0,
    observedUntilMs: 0,
    totals: { baseline: noCounts, candidate: noCounts },
    suspect: false,
    cancelled: false,
    history: [],
    warnings: [],
  };
}

/** Adds warnings, each once, and forgets the oldest beyond the limit. */
export function withWarnings(state: ExperimentState, warnings: readonly string[]): ExperimentState {
  const added = warnings.filter((warning) => !state.warnings.includes(warning));
  return added.length === 0 ? state : { ...state, warnings: [...state.warnings, ...added].slice(-keptWarnings) };
}

/** Adds what a load task has counted, of the experiment's own versions; load on others is only load. */
export function withCollected(state: ExperimentState, counts: Readonly<Record<string, Counts>>): ExperimentState {
  const { experiment, collected = {} } = state;
  const own = [experiment?.baseline, experiment?.candidate].map((version) => version?.name);
  const sums = Object.entries(counts)
    .filter(([name]) => own.includes(name))
    .map(([name, added]) => [name, addCounts(collected[name] ?? noCounts, added)]);
  return { ...state, collected: { ...collected, ...Object.fromEntries(sums) } };
}

export function withIteration(state: ExperimentState, record: IterationRecord): ExperimentState {
  return { ...state, history: [...state.history, record].slice(-keptIterations) };
}
