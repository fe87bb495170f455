import { withTrouble } from './status/experiment-status.ts';
import { isOutdated } from './cluster.ts';
import { abortReason, hasFinalizer, keyOf, targetOf, workflowIdOf } from './experiment-object.ts';
import type { ExperimentObject } from './experiment-object.ts';
import type { Blind, Memory } from './memory.ts';
import { dropFinalizer, statusOf, writeEvent, writeStatus } from './object-writes.ts';
import type { Means } from './object-writes.ts';
import { rescue } from './restore.ts';
import type { Rescue } from './restore.ts';
import { abortRun } from './run-state.ts';
import type { RunState } from './run-state.ts';
import type { Next } from './work-queue.ts';

/** So long a run may take to make its traffic safe before the operator does it without the run. */
const graceMs = 5_000;

/** What passes by itself, as a webhook that does not answer, is tried again for so long: the object goes within 10 s. */
const lastTryMs = 8_500;

/** Between two looks at a run that was told to abort. */
const lookMs = 250;

/** Somebody deleted the Experiment: its run is told to abort, and the object goes when the traffic is safe. */
export async function release(means: Means, memory: Memory, object: ExperimentObject): Promise<Next> {
  if (!hasFinalizer(object)) return undefined;
  const known = memory.of(object);
  const passedMs = known.sinceDeletion();
  const state = await abortRun(means, memory, { object, leftMs: graceMs - passedMs() });
  const shown = state.kind === 'blind' ? await showTrouble(means, object, state) : object;
  if ((state.kind === 'told' || state.kind === 'blind') && passedMs() < graceMs) return { afterMs: lookMs };
  if (state.kind !== 'safe') {
    const done = await restoreTraffic(means, object, state);
    if (done.kind === 'failed' && done.isPassing && passedMs() < lastTryMs) return { afterMs: lookMs };
    await tell(means, object, { done, state });
  }
  known.isOpen = false;
  await dropFinalizer(means, shown);
}

type Unsafe = Exclude<RunState, { kind: 'safe' }>;

/** Before anything is done without the run. A status that is refused keeps no traffic from being restored. */
async function showTrouble(
  means: Means,
  object: ExperimentObject,
  { reason, message }: Blind,
): Promise<ExperimentObject> {
  const plan = `${message}; after ${graceMs / 1000} s the operator itself brings the traffic back to the baseline`;
  const status = withTrouble(statusOf(object), { reason, message: plan }, Date.now());
  return writeStatus(means, object, status).catch((error: unknown) => {
    // Another operator was faster, or the object is gone.
    if (isOutdated(error)) return object;
    means.log.warn('the plan of a deletion was not shown', { experiment: keyOf(object), reason: String(error) });
    return object;
  });
}

/** The traffic goes back without the run, whose later writes are refused; the run is told as soon as that is possible. */
async function restoreTraffic(
  { restoreCluster, owed }: Means,
  object: ExperimentObject,
  state: Unsafe,
): Promise<Rescue> {
  const workflowId = workflowIdOf(object);
  const target = targetOf(object);
  if (state.kind !== 'lost' || state.mayAppear) owed.add(workflowId, abortReason(object));
  if (target === undefined) return { kind: 'untouched' };
  return rescue({ cluster: restoreCluster, target, workflowId, isRunTold: state.kind === 'told' });
}

/** What the operator has done, for people. */
async function tell(
  means: Means,
  object: ExperimentObject,
  { done, state }: { readonly done: Rescue; readonly state: Unsafe },
): Promise<void> {
  if (done.kind === 'untouched') return;
  const { log, stopping } = means;
  const reason = done.kind === 'restored' ? 'TrafficRestored' : 'RestoreFailed';
  const message = `${done.message}, since ${state.message}`;
  await writeEvent(means, object, { type: 'Warning', reason, message });
  if (done.kind !== 'restored') return;
  done.tidyUp(stopping).catch((error: unknown) => {
    log.warn('the restored traffic was not confirmed; the Lease of the target is kept', { reason: String(error) });
  });
}
