import { allHandlersFinished, continueAsNew, patched, workflowInfo } from '@temporalio/workflow';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { initialState } from '../../core/planner/experiment-state.ts';
import { withWarnings } from '../../core/planner/state-transitions.ts';
import type { ExperimentState } from '../../core/planner/experiment-state.ts';
import { withNews } from '../../core/report/notices.ts';
import type { LeaseHolder } from '../../core/traffic/lease.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';
import { publish } from './visibility.ts';
import { currentTimeMs } from './clock.ts';

/** One run of the workflow: the published state, and what only this run needs to know. */
export interface Run {
  state: ExperimentState;
  /** Whether a task was started: it may write to the target until it is known to have ended. */
  taskStarted: boolean;
  /** When no task that timed out without a result can be running any more; epoch ms. */
  tasksGoneAtMs: number;
  /** Whether the ending is being carried out: requests are refused from then on. */
  isClosing: boolean;
  /** Ends the wait for the next attempt at a held target; absent while there is none. */
  lookAgain?: () => void;
  /** How many proofs of requests are being checked. */
  openProofs: number;
  /** Whether observations may be made within the workflow task; not in runs from before decision 74. */
  readonly mayBePrompt: boolean;
  /** Whether the sources answer in time for that. */
  isPrompt: boolean;
  /** Settles when it is known whose the abort is. */
  abortNamed: Promise<void>;
}

/** Opens a new experiment, or one that was continued as new. */
export function openRun(carried: ExperimentState | undefined): Run {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const mayBePrompt = patched('observed-within-the-task');
  const state = carried ?? initialState({ workflowId, firstRunId: firstExecutionRunId });
  return {
    state,
    taskStarted: false,
    tasksGoneAtMs: 0,
    isClosing: false,
    openProofs: 0,
    mayBePrompt,
    isPrompt: mayBePrompt,
    abortNamed: Promise.resolve(),
  };
}

/** Replaces the state, tells people what is new in it, and publishes it as search attributes and in the Web UI's details. */
export function update(run: Run, next: ExperimentState): void {
  const before = run.state;
  run.state = withSafeNews(before, next);
  publish(before, run.state);
}

/** An error in text for people must not keep the traffic from being made safe. */
function withSafeNews(before: ExperimentState, next: ExperimentState): ExperimentState {
  try {
    return withNews(before, next, currentTimeMs());
  } catch (error) {
    return withWarnings(next, [`a notice cannot be made, an error in serin: ${String(error)}`]);
  }
}

/** Adds warnings to the state, for the report. */
export function addWarnings(run: Run, ...warnings: readonly string[]): void {
  update(run, withWarnings(run.state, warnings));
}

/** The experiment; fails while the manifest has not been read. */
export function loadedExperiment(run: Run): Experiment {
  if (run.state.experiment === undefined) throw new Error('the manifest has not been read yet');
  return run.state.experiment;
}

/** This experiment as the holder of its target's Lease. */
export function asHolder(run: Run): LeaseHolder {
  return {
    temporalAddress: run.state.temporalAddress,
    temporalNamespace: workflowInfo().namespace,
    workflowId: run.state.workflowId,
    firstRunId: run.state.firstRunId,
  };
}

/**
 * Continues as new when Temporal suggests it for the history's size; the state includes the manifest. While somebody's name is being verified it
 * goes on: it is asked again soon.
 */
export async function renewHistory(run: Run): Promise<void> {
  if (!workflowInfo().continueAsNewSuggested || !allHandlersFinished()) return;
  await continueAsNew<ExperimentWorkflow>(null, run.state);
}
