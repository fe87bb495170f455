import { isSafeAfterAbort, withTrouble } from '../core/experiment-status.ts';
import { abortReason, hasEnded, hasFinalizer, targetOf, workflowIdOf } from './experiment-object.ts';
import type { ExperimentObject } from './experiment-object.ts';
import type { Memory } from './memory.ts';
import { dropFinalizer, statusOf, writeEvent, writeStatus } from './object-writes.ts';
import type { Means } from './object-writes.ts';
import { rescue } from './rescue.ts';
import type { Next } from './work-queue.ts';

/** So long a run may take to make its traffic safe before the operator does it without the run. */
const graceMs = 5_000;

/** Between two looks at a run that was told to abort. */
const lookMs = 250;

/** Somebody deleted the Experiment: its run is told to abort, and the object goes when the traffic is safe. */
export async function release(means: Means, memory: Memory, object: ExperimentObject): Promise<Next> {
  if (!hasFinalizer(object)) return undefined;
  const known = memory.of(object);
  known.deletedAtMs ??= performance.now();
  const state = hasEnded(object) ? safe : await stateOf(means, memory, object);
  const mayWait = state.kind === 'open' && performance.now() - known.deletedAtMs < graceMs;
  if (mayWait) {
    await showTrouble(means, object, state);
    return { afterMs: lookMs };
  }
  if (state.kind !== 'safe') await restoreTraffic(means, object, state);
  known.isOpen = false;
  await dropFinalizer(means, object);
}

/** How far the run of a deleted Experiment is. */
type State =
  | { readonly kind: 'safe' }
  /** It may still make its traffic safe. */
  | { readonly kind: 'open'; readonly trouble?: 'TemporalUnreachable' | 'NoWorker'; readonly message: string }
  /** It never will. */
  | { readonly kind: 'lost'; readonly message: string };

const safe: State = { kind: 'safe' };

async function stateOf({ runs }: Means, memory: Memory, object: ExperimentObject): Promise<State> {
  const workflowId = workflowIdOf(object);
  const known = memory.of(object);
  try {
    known.isAborted ||= await runs.abort(workflowId, abortReason(object));
    const look = await runs.look(workflowId);
    switch (look.kind) {
      case 'absent':
        return { kind: 'lost', message: 'Temporal knows no workflow of it' };
      case 'stopped':
        return { kind: 'lost', message: `its workflow ${look.how}` };
      case 'silent':
        return { kind: 'open', trouble: 'NoWorker', message: `the run was told to abort, but ${look.reason}` };
      case 'seen':
        if (look.isClosed || isSafeAfterAbort(look.report)) return safe;
        return { kind: 'open', message: 'the run was told to abort, but its traffic is not safe yet' };
      case 'unchanged':
        throw new Error('a look without a mark cannot find that nothing has changed');
    }
  } catch (error) {
    // Whatever it is, the object must not wait for it without end.
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'open', trouble: 'TemporalUnreachable', message: `${reason}: the run cannot be told to abort` };
  }
}

async function showTrouble(
  means: Means,
  object: ExperimentObject,
  { trouble, message }: Extract<State, { kind: 'open' }>,
): Promise<void> {
  if (trouble === undefined) return;
  const plan = `${message}; after ${graceMs / 1000} s the operator itself brings the traffic back to the baseline`;
  await writeStatus(means, object, withTrouble(statusOf(object), { reason: trouble, message: plan }, Date.now()));
}

/** The traffic goes back without the run, whose later writes are refused; the run is told as soon as that is possible. */
async function restoreTraffic(
  means: Means,
  object: ExperimentObject,
  state: Exclude<State, { kind: 'safe' }>,
): Promise<void> {
  const { restoreCluster, owed, log, stopping } = means;
  const workflowId = workflowIdOf(object);
  const target = targetOf(object);
  const done = target === undefined ? undefined : await rescue({ cluster: restoreCluster, target, workflowId });
  if (state.kind === 'open') owed.add(workflowId, abortReason(object));
  if (done === undefined || done.kind === 'untouched') return;
  const reason = done.kind === 'restored' ? 'TrafficRestored' : 'RestoreFailed';
  const message = `${done.message}, since ${state.message}`;
  await writeEvent(means, object, { type: 'Warning', reason, message });
  if (done.kind !== 'restored') return;
  done.tidyUp(stopping).catch((error: unknown) => {
    log.warn('the restored traffic was not confirmed; the Lease of the target is kept', { reason: String(error) });
  });
}
