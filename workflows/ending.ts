import { ApplicationFailure, allHandlersFinished, condition } from '@temporalio/workflow';
import { formatRequest } from '../core/planner/requests.ts';
import { currentWeights } from '../core/planner/candidate-state.ts';
import { enterAborting, enterCompleted } from '../core/planner/state-transitions.ts';
import type { Report } from '../core/report/report.ts';
import type { Outcome } from '../core/experiment/stage.ts';
import { releaseTarget } from './activities.ts';
import { failureFacts, inContext } from './failures.ts';
import { releaseTraffic } from './release-traffic.ts';
import { runFinishActions } from './tasks/finish-actions.ts';
import { currentTimeMs } from './run/clock.ts';
import { countEnd } from './run/metrics.ts';
import { handOverNotices } from './notices.ts';
import { notifyOfEnd } from './tasks/notifications.ts';
import { loadedExperiment, asHolder, update, addWarnings } from './run/run.ts';
import type { Run } from './run/run.ts';
import { adoptOwnSequence, bringToBaseline, bringToBaselineAgain } from './traffic.ts';
import type { Safety, SafetyRequest } from './traffic.ts';

/** How an experiment ended, and why. */
export type Ending =
  | { readonly outcome: Exclude<Outcome, 'Failed'>; readonly reason: string }
  | {
      readonly outcome: 'Failed';
      readonly reason: string;
      /** The failure's type, for those who alert on it. */
      readonly type: string;
      /** The traffic is not what the plan chose: the Lease stays, so that `serin restore` knows the baseline. */
      readonly keepsTarget?: true;
    };

/** An ending that writes nothing: the traffic is untouched, or belongs to somebody else. */
export function leaveAsIs(type: string, reason: string): Ending {
  return { outcome: 'Failed', type, reason };
}

/** An ending without a confirmed 100 % baseline; `context` is what was going on. The Lease is kept. */
export function notSafeEnding(context: string, { type, reason }: Extract<Safety, { kind: 'notSafe' }>): Ending {
  const remedy = 'check the traffic, then run `serin restore`';
  return { outcome: 'Failed', type, reason: `${context}: ${reason}; ${remedy}`, keepsTarget: true };
}

/** Failures after which the traffic belongs to somebody else, or to nobody. */
const notOurs: readonly string[] = ['Fenced', 'TargetGone', 'Drift'];

/** Ends an experiment by a failure: the traffic goes to the baseline if this run has verified and still owns it. */
export async function endByFailure(run: Run, error: unknown): Promise<Ending> {
  const facts = failureFacts(error);
  const { type, message } = facts;
  if (!run.state.traffic.verified) return leaveAsIs(type, `${message}; traffic untouched`);
  if (!adoptOwnSequence(run, facts) && notOurs.includes(type)) {
    return leaveAsIs(type, `${message}; traffic left as it is`);
  }
  const isUnwritten = run.state.traffic.sequence === 0;
  const request = { reason: message, askedAtMs: currentTimeMs(), ...asFound(run) };
  const first = await bringToBaseline(run, request);
  const safety = run.tasksGoneAtMs > currentTimeMs() ? await bringToBaselineAgain(run, request) : first;
  if (safety.kind === 'notSafe' && isUnwritten && safety.type === 'Drift')
    return leaveAsIs(type, `${message}; ${safety.reason}; traffic left as it is`);
  if (safety.kind === 'notSafe') return notSafeEnding(message, safety);
  if (safety.kind === 'restored') return leaveAsIs(type, `${message}; ${safety.reason}`);
  const { revision } = loadedExperiment(run).baseline;
  return { outcome: 'Failed', type, reason: `${message}; traffic is 100 % on ${revision}` };
}

/** Before its first write a run brings back only what it has found: whatever somebody deployed meanwhile is theirs. */
function asFound({ state }: Run): Pick<SafetyRequest, 'present'> {
  return state.traffic.sequence === 0 ? { present: currentWeights(state.candidateStates) } : {};
}

/** The work that an abort interrupts: how to stop it, and when it has stopped. */
export interface Work {
  readonly stop: () => void;
  readonly stopped: Promise<unknown>;
}

/**
 * Ends an experiment by an abort: cancels the work and writes 100 % baseline without waiting for its end. A task that ran may
 * have written late, so the baseline is written once more after the work has stopped.
 */
export async function endByAbort(run: Run, work: Work): Promise<Ending> {
  const request = run.state.abort ?? { atMs: currentTimeMs() };
  const reason = formatRequest('aborted', request);
  work.stop();
  if (!run.state.traffic.verified) return endUntouched(run, work);
  const isUnwritten = run.state.traffic.sequence === 0;
  const safety = bringToBaseline(run, { reason, askedAtMs: request.atMs, ...asFound(run) });
  update(run, enterAborting(run.state, reason));
  const settled = await safety;
  await work.stopped;
  const final = run.taskStarted ? await bringToBaselineAgain(run, { reason, askedAtMs: request.atMs }) : settled;
  // The traffic is safe: there is time to learn who it was.
  await run.abortNamed;
  const proved = formatRequest('aborted', run.state.abort ?? request);
  if (final.kind === 'notSafe' && isUnwritten && final.type === 'Drift')
    return { outcome: 'Aborted', reason: `${proved}; ${final.reason}; traffic left as it is` };
  if (final.kind === 'notSafe') return notSafeEnding(proved, final);
  if (final.kind === 'restored') return { outcome: 'Aborted', reason: `${proved}; ${final.reason}` };
  return finishAborted(run, proved);
}

async function endUntouched(run: Run, work: Work): Promise<Ending> {
  await Promise.all([work.stopped, run.abortNamed]);
  const aborted = formatRequest('aborted', run.state.abort ?? {});
  return { outcome: 'Aborted', reason: `${aborted}; traffic untouched` };
}

async function finishAborted(run: Run, reason: string): Promise<Ending> {
  if (!loadedExperiment(run).finishOnAbort) return { outcome: 'Aborted', reason };
  const { baseline } = loadedExperiment(run);
  try {
    const finished = await runFinishActions(run, baseline);
    await releaseTraffic(run, baseline, async () => finished);
    return { outcome: 'Aborted', reason };
  } catch (error) {
    return endByFailure(run, inContext(`${reason}, but then`, error));
  }
}

/** Gives the target up unless the ending keeps it, publishes the final state, and sends the notifications of the end. */
export async function complete(run: Run, ending: Ending): Promise<void> {
  run.isClosing = true;
  if (!('keepsTarget' in ending)) await releaseOwnership(run);
  const { outcome, reason } = ending;
  update(run, enterCompleted(run.state, { outcome, reason, atMs: currentTimeMs() }));
  countEnd(outcome);
  await notifyOfEnd(run);
  await condition(allHandlersFinished);
  await handOverNotices(run);
}

async function releaseOwnership(run: Run): Promise<void> {
  if (run.state.experiment === undefined) return;
  try {
    const { experiment, traffic } = run.state;
    const { namespace, target } = experiment;
    await releaseTarget({ namespace, target, holder: asHolder(run), verified: traffic.verified });
  } catch (error) {
    addWarnings(run, `the target's Lease was not given up, it expires by itself: ${failureFacts(error).message}`);
  }
}

/** A failed experiment fails its workflow, so that the Web UI shows it as failed; the report is its detail. */
export function workflowFailure(ending: Extract<Ending, { outcome: 'Failed' }>, report: Report): ApplicationFailure {
  return ApplicationFailure.nonRetryable(ending.reason, ending.type, report);
}
