import { isSafeAfterAbort } from './status/experiment-status.ts';
import type { Report } from '../core/report/report.ts';
import { abortReason, hasEnded, workflowIdOf } from './experiment-object.ts';
import type { ExperimentObject } from './experiment-object.ts';
import type { Blind, Memory } from './memory.ts';
import type { Means } from './object-writes.ts';
import { TemporalFailure } from './runs.ts';
import type { Look } from './runs.ts';

/** How far the run of a deleted Experiment is. */
export type RunState =
  | { readonly kind: 'safe' }
  /** It knows that it is aborted, and may still make its traffic safe. */
  | { readonly kind: 'told'; readonly message: string }
  | Blind
  /** It never will make it safe. `mayAppear`: it is not there, but a start that was sent may still arrive. */
  | { readonly kind: 'lost'; readonly message: string; readonly mayAppear: boolean };

/** So long a worker may take at least to tell how the traffic is. */
const shortestLookMs = 500;

/**
 * Tells the run to abort, and looks how far it is. Where nobody answered before, others do not ask again at once, and it itself
 * is not asked again when no time is left: many may be deleted together.
 */
export async function abortRun(
  means: Means,
  memory: Memory,
  { object, leftMs }: { readonly object: ExperimentObject; readonly leftMs: number },
): Promise<RunState> {
  if (hasEnded(object)) return { kind: 'safe' };
  const known = memory.of(object);
  const before = leftMs > 0 ? memory.silence : (known.blind ?? memory.silence);
  const state = before ?? (await ask(means, memory, { object, limitMs: Math.max(shortestLookMs, leftMs) }));
  known.blind = state.kind === 'blind' ? state : undefined;
  return state;
}

interface Question {
  readonly object: ExperimentObject;
  readonly limitMs: number;
}

async function ask({ runs }: Means, memory: Memory, { object, limitMs }: Question): Promise<RunState> {
  const workflowId = workflowIdOf(object);
  const known = memory.of(object);
  try {
    known.isAborted ||= await runs.abort(workflowId, abortReason(object));
    return stateSeen(await runs.look(workflowId, { queryLimitMs: limitMs }));
  } catch (error) {
    // Whatever it is, the object must not wait for it without end.
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${reason}: the run cannot be told to abort`;
    const blind: Blind = { kind: 'blind', reason: 'TemporalUnreachable', message };
    if (error instanceof TemporalFailure && error.isSilence) memory.noteSilence(blind);
    return blind;
  }
}

function stateSeen(look: Look): RunState {
  switch (look.kind) {
    case 'absent':
      return { kind: 'lost', message: 'Temporal knows no workflow of it', mayAppear: true };
    case 'stopped':
      return { kind: 'lost', message: `its workflow ${look.how}`, mayAppear: false };
    case 'silent':
      return { kind: 'blind', reason: 'NoWorker', message: `the run was told to abort, but ${look.reason}` };
    case 'seen':
      if (look.isClosed) return stateAtEnd(look.report);
      if (isSafeAfterAbort(look.report)) return { kind: 'safe' };
      return { kind: 'told', message: 'the run was told to abort, but its traffic is not safe yet' };
    case 'unchanged':
      throw new Error('a look without a mark cannot find that nothing has changed');
  }
}

/** A run that failed may have left the traffic as it was: then it still holds the target. */
function stateAtEnd({ outcome, reason }: Report): RunState {
  if (outcome !== 'Failed') return { kind: 'safe' };
  return { kind: 'lost', message: `the run failed: ${reason}`, mayAppear: false };
}
