import type { BakeState } from './bake-state.ts';
import type { Closure } from '../experiment/calendar.ts';
import type { SourceDigests } from '../text/source-digests.ts';
import type { ExperimentEvent } from '../experiment/event.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { Outcome, RunStage } from '../experiment/stage.ts';
import type { Checkpoint, Counts, Visibility } from '../measurements/measurement.ts';
import type { HolderReport } from '../traffic/lease.ts';
import type { TaggedRevision } from '../traffic/target.ts';
import type { CandidateState } from './candidate-state.ts';
import type { Outbox } from './outbox.ts';
import type { ApprovalGate, HumanRequest } from './requests.ts';

/**
 * Everything an experiment knows about its run: one plain object, so that it passes through continue-as-new.
 * Times are epoch milliseconds, weights are the candidates' percents.
 */
export interface ExperimentState {
  readonly schemaVersion: 1;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly temporalAddress: string;
  /** The search attributes of serin that the Temporal namespace has. */
  readonly searchAttributes: readonly string[];
  /** Present once the manifest has been read. */
  readonly experiment?: Experiment;
  readonly stage: RunStage;
  /** The latest event. */
  readonly event: ExperimentEvent;
  readonly ending?: StateEnding;
  readonly clock: Clock;
  readonly traffic: TrafficState;
  readonly preflight?: PreflightFacts;
  /** Present once a promotion is done that is watched. */
  readonly bake?: BakeState;
  /** Completed iterations; intervals that were blind, paused or closed do not count. */
  readonly iteration: number;
  /** One for each judged version, in their order; empty until the preflight. */
  readonly candidateStates: readonly CandidateState[];
  /** The candidate that was promoted, by name. */
  readonly promoted?: string;
  readonly blind?: { readonly sinceMs: number; readonly reason: string };
  /** What load tasks have counted since the last observation, by the version's name. */
  readonly collected: Readonly<Record<string, Counts>>;
  readonly paused?: HumanRequest;
  /** Present while a calendar allows no advance, as it was found last. */
  readonly closed?: Closure;
  /** Present once it is open. */
  readonly gate?: ApprovalGate;
  /** The proofs of requests that were used, until they count no more: id, and that time, epoch ms. */
  readonly usedProofs?: readonly { readonly id: string; readonly untilMs: number }[];
  readonly abort?: HumanRequest;
  readonly cancelled: boolean;
  readonly waitingFor?: HolderReport;
  readonly history: readonly IterationRecord[];
  readonly warnings: readonly string[];
  /** Present where the namespace has receivers of notices. */
  readonly outbox?: Outbox;
}

/** How and why a run has ended. */
export interface StateEnding {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly atMs: number;
}

/** The times that the run keeps to. */
export interface Clock {
  /** When the first step was taken. */
  readonly startedAtMs?: number;
  /** The last deadline of the grid: the next observation is due one interval later. */
  readonly deadlineMs: number;
  /** End of the last measured window. */
  readonly observedUntilMs: number;
  /** How far the requests have been counted in the metrics back end. */
  readonly checkpoint?: Checkpoint;
  /** How late the back end showed its samples last, and how its clock differs. */
  readonly visibility?: Visibility;
  /** When the decision at the gate was made that the last plan knew of. */
  readonly plannedDecisionMs?: number;
  /** Since when the run goes on after its last iteration, undecided. */
  readonly extendedSinceMs?: number;
}

/** The traffic as planned last, beside the candidates' weights. */
export interface TrafficState {
  /** Whether the baseline has been verified while the target is held: from then on every ending makes the traffic safe. */
  readonly verified: boolean;
  /** Tags of the target when the run began. */
  readonly tags: readonly TaggedRevision[];
  /** Sequence of the latest write that was planned. */
  readonly sequence: number;
  /** Whether the cluster has reported the latest write. */
  readonly confirmed: boolean;
  /** Why the weights are what they are. */
  readonly reason?: string;
  /** From the request for safety to the accepted write of 100 % baseline. */
  readonly timeToSafeMs?: number;
}

/** What the preflight has found out and the run needs later. */
export interface PreflightFacts {
  /** The images, by the version's name. */
  readonly images: Readonly<Record<string, string>>;
  /** Digests of what the finish actions must render, by the version's name; empty where the manifest does not pin it. */
  readonly digests: Readonly<Record<string, string>>;
  /** Digests of the charts and values that the finish actions download. */
  readonly pins: SourceDigests;
  /** The first step, where the preflight has computed one from the traffic. */
  readonly firstStep?: FirstStep;
  /** Whether there was a calendar; absent in runs from before there were any, which ask none before the first step. */
  readonly hasCalendar?: boolean;
}

/** The candidates' first weights, percent, and why. */
export interface FirstStep {
  readonly weights: readonly number[];
  readonly reason: string;
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

/** The state of a run that has not read its manifest yet. */
export function initialState(identity: { workflowId: string; firstRunId: string }): ExperimentState {
  return {
    schemaVersion: 1,
    ...identity,
    temporalAddress: '',
    searchAttributes: [],
    stage: 'Reading',
    event: { reason: 'ExperimentInitialized', message: 'Experiment status initialized' },
    clock: { deadlineMs: 0, observedUntilMs: 0 },
    traffic: { verified: false, tags: [], sequence: 0, confirmed: false },
    iteration: 0,
    candidateStates: [],
    collected: {},
    cancelled: false,
    history: [],
    warnings: [],
  };
}

/** The candidates' percents, as planned last; nothing before the preflight and in a conformance test. */
export function candidateWeights({ experiment, candidateStates }: ExperimentState): readonly number[] {
  return experiment?.testingPattern === 'Conformance' ? [] : candidateStates.map(({ weight }) => weight);
}
