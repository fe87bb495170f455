import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { initialState } from '../../core/planner/experiment-state.ts';
import { withWarnings } from '../../core/planner/state-transitions.ts';
import type { ExperimentState } from '../../core/planner/experiment-state.ts';
import type { LeaseHolder } from '../../core/traffic/lease.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';
import { publish } from './visibility.ts';

/** One run of the workflow: the state that everyone reads, and what is happening in it right now. */
export interface Run {
  state: ExperimentState;
  /** A task was started: it may write to the target until it is known to be gone. */
  taskStarted: boolean;
  /** When no task that Temporal has lost from sight can be at work any more; epoch ms. */
  tasksGoneAtMs: number;
  /** The ending is being carried out: nobody can ask for another one. */
  isClosing: boolean;
}

/** A new experiment, or the rest of one that was continued as new. */
export function openRun(carried: ExperimentState | undefined): Run {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const state = carried ?? initialState({ workflowId, firstRunId: firstExecutionRunId });
  return { state, taskStarted: false, tasksGoneAtMs: 0, isClosing: false };
}

/** Changes the state and shows it: search attributes and the Web UI's details follow. */
export function update(run: Run, next: ExperimentState): void {
  const before = run.state;
  run.state = next;
  publish(before, next);
}

export function addWarnings(run: Run, ...warnings: readonly string[]): void {
  update(run, withWarnings(run.state, warnings));
}

/** The experiment, once the manifest has been read. */
export function loadedExperiment(run: Run): Experiment {
  if (run.state.experiment === undefined) throw new Error('the manifest has not been read yet');
  return run.state.experiment;
}

export function asHolder(run: Run): LeaseHolder {
  return {
    temporalAddress: run.state.temporalAddress,
    temporalNamespace: workflowInfo().namespace,
    workflowId: run.state.workflowId,
    firstRunId: run.state.firstRunId,
  };
}

/** Starts a fresh history when this one has grown; the manifest is already in the state. */
export async function renewHistory(run: Run): Promise<void> {
  if (!workflowInfo().continueAsNewSuggested) return;
  await condition(allHandlersFinished);
  await continueAsNew<ExperimentWorkflow>(null, run.state);
}
