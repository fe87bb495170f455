import { withTrouble } from './status/experiment-status.ts';
import { isOutdated } from './cluster.ts';
import {
  abortReason,
  hasFinalizer,
  experimentKey,
  experimentTarget,
  experimentWorkflowId,
} from './experiment-object.ts';
import type { ExperimentOutline } from './experiment-object.ts';
import type { Blind, RunMemory } from './run-memory.ts';
import { dropFinalizer, currentStatus, writeEvent, writeStatus } from './object-writes.ts';
import type { OperatorDependencies } from './object-writes.ts';
import { restoreWithoutRun } from './restore.ts';
import type { RestoreResult } from './restore.ts';
import { abortRun } from './run-state.ts';
import type { RunState } from './run-state.ts';
import type { Next } from './work-queue.ts';

/** The time that a run has to make its traffic safe before the operator does it without the run. */
const graceMs = 5_000;

/** Failures that may pass, such as a webhook that does not answer, are retried until then, so the object goes within 10 s. */
const lastTryMs = 8_500;

/** The time between two observations of a run that was asked to abort. */
const pollIntervalMs = 250;

/** Handles a deleted Experiment: aborts its run, and lets the object go when the run or the operator has restored the traffic. */
export async function handleDeletion(
  dependencies: OperatorDependencies,
  memory: RunMemory,
  object: ExperimentOutline,
): Promise<Next> {
  if (!hasFinalizer(object)) return undefined;
  const known = memory.of(object);
  const passedMs = known.sinceDeletion();
  const state = await abortRun(dependencies, memory, { object, leftMs: graceMs - passedMs() });
  const shown = state.kind === 'blind' ? await showTrouble(dependencies, object, state) : object;
  if ((state.kind === 'aborting' || state.kind === 'blind') && passedMs() < graceMs) return { afterMs: pollIntervalMs };
  if (state.kind !== 'safe') {
    const done = await restoreTraffic(dependencies, object, state);
    if (done.kind === 'failed' && done.isPassing && passedMs() < lastTryMs) return { afterMs: pollIntervalMs };
    await reportRestore(dependencies, object, { done, state });
  }
  known.isOpen = false;
  await dropFinalizer(dependencies, shown);
}

type Unsafe = Exclude<RunState, { kind: 'safe' }>;

/** Shows what the operator will do without the run. A refused status does not keep the traffic from being restored. */
async function showTrouble(
  dependencies: OperatorDependencies,
  object: ExperimentOutline,
  { reason, message }: Blind,
): Promise<ExperimentOutline> {
  const plan = `${message}; after ${graceMs / 1000} s the operator itself brings the traffic back to the baseline`;
  const status = withTrouble(currentStatus(object), { reason, message: plan }, Date.now());
  return writeStatus(dependencies, object, status).catch((error: unknown) => {
    // Another operator was faster, or the object is gone.
    if (isOutdated(error)) return object;
    dependencies.log.warn('the plan of a deletion was not shown', {
      experiment: experimentKey(object),
      reason: String(error),
    });
    return object;
  });
}

/** Restores the traffic without the run, whose later writes are refused; the abort is delivered as soon as that is possible. */
async function restoreTraffic(
  { restoreClusterOf, pendingAborts }: OperatorDependencies,
  object: ExperimentOutline,
  state: Unsafe,
): Promise<RestoreResult> {
  const workflowId = experimentWorkflowId(object);
  const target = experimentTarget(object);
  if (state.kind !== 'lost' || state.mayAppear) pendingAborts.add(workflowId, abortReason(object));
  if (target === undefined) return { kind: 'untouched' };
  return restoreWithoutRun({
    cluster: restoreClusterOf(object.metadata.namespace),
    target,
    workflowId,
    isAbortDelivered: state.kind === 'aborting',
  });
}

/** Writes an event about the restore, and tidies up after it in the background. */
async function reportRestore(
  dependencies: OperatorDependencies,
  object: ExperimentOutline,
  { done, state }: { readonly done: RestoreResult; readonly state: Unsafe },
): Promise<void> {
  if (done.kind === 'untouched') return;
  const { log, stopping } = dependencies;
  const reason = done.kind === 'restored' ? 'TrafficRestored' : 'RestoreFailed';
  const message = `${done.message}, since ${state.message}`;
  await writeEvent(dependencies, object, { type: 'Warning', reason, message });
  if (done.kind !== 'restored') return;
  done.tidyUp(stopping).catch((error: unknown) => {
    log.warn('the restored traffic was not confirmed; the Lease of the target is kept', { reason: String(error) });
  });
}
