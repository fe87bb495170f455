import { addCounts } from '../measurements/counters.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { TaggedRevision } from '../traffic/target.ts';
import { noCounts } from '../measurements/measurement.ts';
import type { Counts } from '../measurements/measurement.ts';
import type { CandidateState } from './candidate-state.ts';
import { allVersions } from '../experiment/versions.ts';
import type { HolderReport } from '../traffic/lease.ts';
import type { HumanRequest } from './requests.ts';
import type { Outcome, Stage } from '../experiment/stage.ts';

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
  /** By the version's name. */
  readonly images?: Readonly<Record<string, string>>;
  /** What the finish actions must render, by the version's name; where the manifest pins it. */
  readonly digests?: Readonly<Record<string, string>>;
  /** What the preflight chose to begin with; percents of the candidates. */
  readonly firstStep?: { readonly weights: readonly number[]; readonly reason: string };
  /** Sequence of the latest traffic write that was planned. */
  readonly sequence: number;
  readonly confirmed: boolean;
  readonly weightReason?: string;
  /** Completed iterations; intervals that were blind or paused do not count. */
  readonly iteration: number;
  /** The last deadline of the grid: the next observation is due one interval later. */
  readonly deadlineMs: number;
  /** End of the last measured window. */
  readonly observedUntilMs: number;
  /** One for each judged version, in their order; empty until the preflight. */
  readonly candidateStates: readonly CandidateState[];
  /** The candidate that was promoted, by name. */
  readonly promoted?: string;
  readonly blind?: { readonly sinceMs: number; readonly reason: string };
  /** Since when the run goes on after its last iteration, undecided. */
  readonly extendedSinceMs?: number;
  /** What load tasks have counted since the last look, by the version's name. */
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
    confirmed: false,
    iteration: 0,
    deadlineMs: 0,
    observedUntilMs: 0,
    candidateStates: [],
    cancelled: false,
    history: [],
    warnings: [],
  };
}

/** The candidates' percents, as planned last; nothing before the preflight and in a conformance test. */
export function candidateWeights({ experiment, candidateStates }: ExperimentState): readonly number[] {
  return experiment?.testingPattern === 'Conformance' ? [] : candidateStates.map(({ weight }) => weight);
}

/** The same state with other percents for the candidates. */
export function withWeights(state: ExperimentState, weights: readonly number[]): ExperimentState {
  const candidates = state.candidateStates.map((candidate, index) => ({
    ...candidate,
    weight: weights[index] ?? candidate.weight,
  }));
  return { ...state, candidateStates: candidates };
}

/** Adds warnings, each once, and forgets the oldest beyond the limit. */
export function withWarnings(state: ExperimentState, warnings: readonly string[]): ExperimentState {
  const added = warnings.filter((warning) => !state.warnings.includes(warning));
  return added.length === 0 ? state : { ...state, warnings: [...state.warnings, ...added].slice(-keptWarnings) };
}

/** Adds what a load task has counted, of the experiment's own versions; load on others is only load. */
export function withCollected(state: ExperimentState, counts: Readonly<Record<string, Counts>>): ExperimentState {
  const { experiment, collected = {} } = state;
  const own = experiment === undefined ? [] : allVersions(experiment).map(({ name }) => name);
  const sums = Object.entries(counts)
    .filter(([name]) => own.includes(name))
    .map(([name, added]) => [name, addCounts(collected[name] ?? noCounts, added)]);
  return { ...state, collected: { ...collected, ...Object.fromEntries(sums) } };
}

export function withIteration(state: ExperimentState, record: IterationRecord): ExperimentState {
  return { ...state, history: [...state.history, record].slice(-keptIterations) };
}

/** One observed interval, as kept for people: weights are the candidates', in percent. */
export interface IterationRecord {
  readonly iteration: number;
  readonly atMs: number;
  readonly weightsBefore: readonly number[];
  readonly weightsAfter: readonly number[];
  /** Requests that each judged version answered in the interval; absent when blind. */
  readonly requests?: readonly number[];
  readonly reason: string;
}
