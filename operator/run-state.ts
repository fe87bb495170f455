import { isSafeAfterAbort } from './status/experiment-status.ts';
import type { Report } from '../core/report/report.ts';
import { abortReason, hasCompleted, experimentWorkflowId } from './experiment-object.ts';
import type { ExperimentOutline } from './experiment-object.ts';
import type { Blind, RunMemory } from './run-memory.ts';
import type { OperatorDependencies } from './object-writes.ts';
import { TemporalFailure } from './runs.ts';
import type { RunObservation } from './runs.ts';
import { silenceReason } from './silence.ts';

/** The state of a deleted Experiment's run, as to the safety of its traffic. */
export type RunState =
  | { readonly kind: 'safe' }
  /** It has the abort, and may still make its traffic safe. */
  | { readonly kind: 'aborting'; readonly message: string }
  | Blind
  /** It will never make it safe. `mayAppear`: there is no workflow, but a start that was sent may still arrive. */
  | { readonly kind: 'lost'; readonly message: string; readonly mayAppear: boolean };

/** The least time that a worker has to answer a query for the state. */
const shortestQueryMs = 500;

/**
 * Aborts the run and observes its state. Where Temporal has just not answered, it is not called again for another run, nor for
 * this one when no time is left: many may be deleted together.
 */
export async function abortRun(
  dependencies: OperatorDependencies,
  memory: RunMemory,
  { object, leftMs }: { readonly object: ExperimentOutline; readonly leftMs: number },
): Promise<RunState> {
  if (hasCompleted(object)) return { kind: 'safe' };
  const known = memory.of(object);
  const before = leftMs > 0 ? memory.silence : (known.blind ?? memory.silence);
  const state = before ?? (await ask(dependencies, memory, { object, limitMs: Math.max(shortestQueryMs, leftMs) }));
  known.blind = state.kind === 'blind' ? state : undefined;
  return state;
}

interface Question {
  readonly object: ExperimentOutline;
  readonly limitMs: number;
}

async function ask(
  { runs }: OperatorDependencies,
  memory: RunMemory,
  { object, limitMs }: Question,
): Promise<RunState> {
  const workflowId = experimentWorkflowId(object);
  const known = memory.of(object);
  try {
    known.isAborted ||= await runs.abort(workflowId, abortReason(object));
    return observedState(await runs.observe(workflowId, { queryLimitMs: limitMs }));
  } catch (error) {
    // After any error: the object must not wait without end.
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${reason}: the run cannot be told to abort`;
    const blind: Blind = { kind: 'blind', reason: 'TemporalUnreachable', message };
    if (error instanceof TemporalFailure && error.isSilence) memory.noteSilence(blind);
    return blind;
  }
}

function observedState(observation: RunObservation): RunState {
  switch (observation.kind) {
    case 'absent':
      return { kind: 'lost', message: 'Temporal knows no workflow of it', mayAppear: true };
    case 'stopped':
      return { kind: 'lost', message: `its workflow ${observation.how}`, mayAppear: false };
    case 'silent':
      return {
        kind: 'blind',
        reason: silenceReason(observation.why),
        message: `the run was told to abort, but ${observation.reason}`,
      };
    case 'reported':
      if (observation.isClosed) return finalState(observation.report);
      if (isSafeAfterAbort(observation.report)) return { kind: 'safe' };
      return { kind: 'aborting', message: 'the run was told to abort, but its traffic is not safe yet' };
    case 'unchanged':
      throw new Error('an observation without a mark cannot be unchanged');
  }
}

/** A run that failed may have left the traffic as it was: then it still holds the target. */
function finalState({ outcome, reason }: Report): RunState {
  if (outcome !== 'Failed') return { kind: 'safe' };
  return { kind: 'lost', message: `the run failed: ${reason}`, mayAppear: false };
}
