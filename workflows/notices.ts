import { ParentClosePolicy, isCancellation, sleep, startChild, workflowInfo } from '@temporalio/workflow';
import type {
  NoticeActivities,
  NoticeSource,
  RemainingNoticesWorkflow,
  SendNoticesInput,
} from '../contract/notices.ts';
import { afterAttempt, findResting, retryPauseMs, takeTurn } from '../core/planner/outbox.ts';
import type { AttemptResult, Outbox, Settled } from '../core/planner/outbox.ts';
import { sendNotices, sendNoticesWithin } from './activities.ts';
import { failureFacts } from './failures.ts';
import { currentTimeMs } from './run/clock.ts';
import { addWarnings, loadedExperiment, update } from './run/run.ts';
import type { Run } from './run/run.ts';

/** The longest that a run delivers at a time, ms. */
const longestMs = 5_000;

/**
 * Delivers what waits, once, where it is the turn of a receiver. The run waits for it, at most for a quarter of its interval: beside
 * the run it would make commands in an order that a replay may not find again
 * ([decision 69](../docs/decisions/0069-notices-leave-by-an-outbox-and-outlive-the-run.md)).
 */
export async function deliverNotices(run: Run): Promise<void> {
  if (run.state.outbox === undefined || run.state.outbox.waiting.length === 0) return;
  const { outbox, isDue, resting } = takeTurn(run.state.outbox);
  update(run, { ...run.state, outbox });
  if (!isDue) return;
  const budgetMs = Math.min(longestMs, loadedExperiment(run).intervalMs / 4);
  const { outbox: next, lost } = await attempt(sendNoticesWithin(budgetMs), describeSource(run), {
    outbox,
    resting,
    budgetMs,
  });
  update(run, { ...run.state, outbox: withNewer(next, run.state.outbox) });
  addWarnings(run, ...lost);
}

/** The outbox after an attempt, with the notices that have come meanwhile. */
function withNewer(next: Outbox, now: Outbox | undefined): Outbox {
  if (now === undefined || now.lastNumber === next.lastNumber) return next;
  const newer = now.waiting.filter(({ number }) => number > next.lastNumber);
  return { ...next, told: now.told, lastNumber: now.lastNumber, waiting: [...next.waiting, ...newer] };
}

/** Hands what is not delivered to a workflow of its own, so that no receiver delays the end of the run. */
export async function handOverNotices(run: Run): Promise<void> {
  const { outbox } = run.state;
  if (outbox === undefined || outbox.waiting.length === 0) return;
  try {
    await startChild<RemainingNoticesWorkflow>('remainingNotices', {
      workflowId: `serin-notices/${run.state.firstRunId}`,
      args: [{ source: describeSource(run), outbox }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
  } catch (error) {
    addWarnings(run, `the last notices were not delivered: ${failureFacts(error).message}`);
  }
}

/** What this workflow may take for an attempt, ms: nobody waits for it. */
const patientMs = 20_000;

/** Delivers the last notices of an experiment that has ended. */
export const remainingNotices: RemainingNoticesWorkflow = async ({ source, outbox }) => {
  let remaining = outbox;
  const lost: string[] = [];
  while (remaining.waiting.length > 0) {
    const resting = findResting(remaining, currentTimeMs());
    const settled = await attempt({ sendNotices }, source, { outbox: remaining, resting, budgetMs: patientMs });
    remaining = settled.outbox;
    lost.push(...settled.lost);
    if (remaining.waiting.length > 0) await sleep(Math.max(1, retryPauseMs(remaining, currentTimeMs())));
  }
  return { lost };
};

async function attempt(
  activities: NoticeActivities,
  source: NoticeSource,
  { outbox, resting, budgetMs }: Pick<SendNoticesInput, 'resting' | 'budgetMs'> & { readonly outbox: Outbox },
): Promise<Settled> {
  const { waiting: notices, receivers } = outbox;
  const result = await tryToSend(activities, { ...source, notices, receivers, resting, budgetMs });
  return afterAttempt(outbox, result, currentTimeMs());
}

async function tryToSend(
  activities: NoticeActivities,
  input: Parameters<NoticeActivities['sendNotices']>[0],
): Promise<AttemptResult> {
  try {
    return await activities.sendNotices(input);
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { failure: failureFacts(error).message };
  }
}

function describeSource(run: Run): NoticeSource {
  const { namespace, name, target } = loadedExperiment(run);
  const { workflowId, firstRunId } = run.state;
  return { namespace, name, target, workflowId, firstRunId, temporalNamespace: workflowInfo().namespace };
}
