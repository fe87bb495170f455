import type { Closure } from '../experiment/calendar.ts';
import { cutText, limits } from '../text/limits.ts';
import type { SourceDigests } from '../text/source-digests.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { formatObjectName } from '../experiment/experiment.ts';
import type { Outcome } from '../experiment/stage.ts';
import { allVersions, judgedVersions, movesTraffic } from '../experiment/versions.ts';
import { addCounts } from '../measurements/counters.ts';
import { noCounts } from '../measurements/measurement.ts';
import type { Counts } from '../measurements/measurement.ts';
import { defined } from '../text/defined.ts';
import type { HolderReport } from '../traffic/lease.ts';
import type { TaggedRevision } from '../traffic/target.ts';
import { initialCandidateState } from './candidate-state.ts';
import { emptyOutbox } from './outbox.ts';
import type { ExperimentState, FirstStep, IterationRecord } from './experiment-state.ts';
import { decidedAtMs } from './requests.ts';

/** Iterations and warnings that the state keeps for people; older ones are in the workflow's history. */
const keptIterations = 50;
const keptWarnings = 20;

/** A manifest that was read, and what was found out about Temporal. */
export interface LoadedManifest extends Pick<ExperimentState, 'searchAttributes' | 'temporalAddress'> {
  readonly experiment: Experiment;
  readonly warnings: readonly string[];
  /** Whether the namespace has receivers of notices. */
  readonly hasReceivers?: boolean;
}

/** The manifest has been read: next the run waits for its target. */
export function enterWaiting(state: ExperimentState, { warnings, ...manifest }: LoadedManifest): ExperimentState {
  const { experiment, searchAttributes, temporalAddress, hasReceivers = false } = manifest;
  const read = { ...state, experiment, searchAttributes, temporalAddress, stage: 'Waiting' } as const;
  return withWarnings(hasReceivers ? { ...read, outbox: emptyOutbox } : read, warnings);
}

/** Another run holds the target. */
export function waitForHolder(state: ExperimentState, holder: HolderReport): ExperimentState {
  const message = `waiting for ${holder.workflowId}, which holds the target`;
  return { ...state, waitingFor: holder, event: { reason: 'ExperimentInitialized', message } };
}

/** The target is held by this run. */
export function enterInitializing(state: ExperimentState, experiment: Experiment): ExperimentState {
  const { waitingFor: _, ...acquired } = state;
  const message = `Target ${formatObjectName(experiment.target)} acquired`;
  return { ...acquired, stage: 'Initializing', event: { reason: 'TargetAcquired', message } };
}

/** The versions that the manifest does not name have been found. */
export function withFoundVersions(
  state: ExperimentState,
  experiment: Experiment,
  versions: Pick<Experiment, 'baseline' | 'candidates'>,
): ExperimentState {
  return { ...state, experiment: { ...experiment, ...versions, discovers: false } };
}

/** What the preflight has found. */
export interface PreflightFindings {
  /** One for each version, the baseline first. */
  readonly revisions: readonly { readonly image: string }[];
  /** The candidates' percents of the present traffic. */
  readonly weights: readonly number[];
  readonly tags: readonly TaggedRevision[];
  readonly correlations?: Experiment['correlations'];
  readonly firstStep?: FirstStep;
  readonly hasCalendar?: boolean;
  readonly digests?: Readonly<Record<string, string>>;
  readonly pins?: SourceDigests;
  readonly warnings: readonly string[];
}

/**
 * The preflight has passed: from now on every ending of an experiment that moves traffic makes it safe. Next is the
 * first step.
 */
export function enterRunning(
  state: ExperimentState,
  experiment: Experiment,
  { revisions, weights, tags, warnings, ...found }: PreflightFindings,
): ExperimentState {
  const { correlations, firstStep, hasCalendar, digests = {}, pins = {} } = found;
  const names = allVersions(experiment).map(({ name }) => name);
  // A version that need be no revision has no image.
  const images = Object.fromEntries(
    names.flatMap((name, index) => {
      const { image = '' } = revisions[index] ?? {};
      return image === '' ? [] : [[name, image]];
    }),
  );
  const next: ExperimentState = {
    ...state,
    experiment: { ...experiment, ...defined({ correlations }) },
    stage: 'Starting',
    event: { reason: 'StageAdvanced', message: 'Advanced to Running' },
    traffic: { ...state.traffic, verified: movesTraffic(experiment), tags },
    preflight: { images, digests, pins, ...defined({ firstStep, hasCalendar }) },
    candidateStates: judgedVersions(experiment).map((_, index) => initialCandidateState(weights[index])),
  };
  return withWarnings(next, warnings);
}

/** What a calendar says now. */
export function withClosure(state: ExperimentState, closure: Closure | undefined): ExperimentState {
  const { closed: _, ...open } = state;
  return { ...open, ...defined({ closed: closure }) };
}

/** The first step has been taken, or none is to be taken: the first interval begins. */
export function startClock(state: ExperimentState, experiment: Experiment, nowMs: number): ExperimentState {
  const confirmed = state.traffic.confirmed || !movesTraffic(experiment);
  return {
    ...state,
    stage: 'Running',
    traffic: { ...state.traffic, confirmed },
    clock: { ...state.clock, startedAtMs: nowMs, deadlineMs: nowMs, observedUntilMs: nowMs },
  };
}

/** The state with another deadline of the observation grid, epoch ms. */
export function withDeadline(state: ExperimentState, deadlineMs: number): ExperimentState {
  return { ...state, clock: { ...state.clock, deadlineMs } };
}

/** The state in which a plan knows of what people have decided at the gate until now. */
export function withPlannedDecision(state: ExperimentState): ExperimentState {
  const { plannedDecisionMs: _, ...clock } = state.clock;
  return { ...state, clock: { ...clock, ...defined({ plannedDecisionMs: decidedAtMs(state.gate) }) } };
}

/** A candidate could be promoted, `leader` by index where one leads: from now on an approval or a rejection counts. */
export function openGate(state: ExperimentState, nowMs: number, leader?: number): ExperimentState {
  return { ...state, gate: { openedAtMs: nowMs, ...defined({ leader }) } };
}

/** An interval has been observed and acted on. */
export function withIteration(
  state: ExperimentState,
  { deadlineMs, record }: { readonly deadlineMs: number; readonly record: IterationRecord },
): ExperimentState {
  const history = [...state.history, record].slice(-keptIterations);
  return withDeadline({ ...state, history, traffic: { ...state.traffic, reason: record.reason } }, deadlineMs);
}

/** The loop of this number is complete; loops count from 1. */
export function completeLoop(state: ExperimentState, loop: number): ExperimentState {
  return { ...state, event: { reason: 'IterationUpdate', message: `Completed Loop ${loop}` } };
}

/** Adds the counts of a load task, by the version's name; those of versions that are not the experiment's are dropped. */
export function withCollected(state: ExperimentState, counts: Readonly<Record<string, Counts>>): ExperimentState {
  const { experiment, collected } = state;
  const own = experiment === undefined ? [] : allVersions(experiment).map(({ name }) => name);
  const sums = Object.entries(counts)
    .filter(([name]) => own.includes(name))
    .map(([name, added]) => [name, addCounts(collected[name] ?? noCounts, added)]);
  return { ...state, collected: { ...collected, ...Object.fromEntries(sums) } };
}

/** Drops the counts of the load tasks, which an observation has used: they go into no other. */
export function withoutCollected(state: ExperimentState): ExperimentState {
  return { ...state, collected: {} };
}

/** The run has decided how it ends. */
export function enterFinishing(state: ExperimentState, { finish }: Pick<Experiment, 'finish'>): ExperimentState {
  return {
    ...state,
    stage: 'Finishing',
    event:
      finish.length === 0
        ? { reason: 'StageAdvanced', message: 'Advanced to Finishing' }
        : { reason: 'TerminalHandlerLaunched', message: "Finish handler 'finish' launched" },
  };
}

/** An abort has pre-empted the run, which brings the traffic back. */
export function enterAborting(state: ExperimentState, reason: string): ExperimentState {
  return { ...state, stage: 'Finishing', event: { reason: 'ExperimentAborted', message: reason } };
}

/** The promotion has succeeded. */
export function withPromoted(state: ExperimentState, { name }: { readonly name: string }): ExperimentState {
  return { ...state, promoted: name };
}

/** The run has ended. */
export function enterCompleted(
  state: ExperimentState,
  { outcome, reason, atMs }: { readonly outcome: Outcome; readonly reason: string; readonly atMs: number },
): ExperimentState {
  const words = outcome === 'Promoted' ? 'completed successfully' : `ended ${outcome}`;
  return {
    ...state,
    stage: 'Completed',
    ending: { outcome, reason, atMs },
    event: { reason: 'ExperimentCompleted', message: `Experiment ${words}` },
  };
}

/** The workflow was cancelled, which is an abort; an earlier abort keeps its reason. */
export function withCancellation(state: ExperimentState, nowMs: number): ExperimentState {
  return { ...state, abort: state.abort ?? { reason: 'the workflow was cancelled', atMs: nowMs }, cancelled: true };
}

/** Adds warnings, each once, and drops the oldest beyond the limit. */
export function withWarnings(state: ExperimentState, warnings: readonly string[]): ExperimentState {
  const short = warnings.map((warning) => cutText(warning, limits.warning));
  const added = short.filter((warning) => !state.warnings.includes(warning));
  return added.length === 0 ? state : { ...state, warnings: [...state.warnings, ...added].slice(-keptWarnings) };
}
