import { CancellationScope, ParentClosePolicy, condition, log, startChild, workflowInfo } from '@temporalio/workflow';
import type { NoticeSource, RemainingNoticesWorkflow } from '../contract/notices.ts';
import { afterAttempt, findResting, retryPauseMs } from '../core/planner/outbox.ts';
import type { AttemptResult, Outbox } from '../core/planner/outbox.ts';
import { sendNotices } from './activities.ts';
import { failureFacts } from './failures.ts';
import { addWarnings, loadedExperiment, update } from './run/run.ts';
import type { Run } from './run/run.ts';

/** An outbox that is emptied while more may come. */
interface Emptying {
  readonly source: () => NoticeSource;
  readonly read: () => Outbox | undefined;
  readonly write: (outbox: Outbox) => void;
  readonly onLost: (lost: readonly string[]) => void;
  /** Told how an attempt that has begun is cut short, and when it has ended. */
  readonly onAttempt?: (cutShort: (() => void) | undefined) => void;
}

/** Delivers the notices of a run beside everything else, as long as it lasts. */
export async function deliverNotices(run: Run): Promise<void> {
  const emptying: Emptying = {
    source: () => describeSource(run),
    read: () => run.state.outbox,
    write: (outbox) => update(run, { ...run.state, outbox }),
    onLost: (lost) => addWarnings(run, ...lost),
    onAttempt: (cutShort) => {
      if (cutShort === undefined) delete run.cutNoticesShort;
      else run.cutNoticesShort = cutShort;
    },
  };
  try {
    for (;;) {
      // From then on `handOverNotices` looks after them: an attempt that nobody waits for would be made twice.
      await condition(() => !run.isClosing && (run.state.outbox?.waiting.length ?? 0) > 0);
      await attempt(emptying);
    }
  } catch (error) {
    // Whatever is wrong here must not disturb the run.
    log.error('notices are not delivered any more', { error });
  }
}

/** How long the end of a run leaves an attempt that is being made to itself, before it cuts it short. */
const lastAttemptMs = 2_000;

/** Hands what is not delivered to a workflow of its own, so that no receiver delays the end of the run. */
export async function handOverNotices(run: Run): Promise<void> {
  if (run.cutNoticesShort !== undefined) {
    // What an attempt has achieved must be known, else it would be done again.
    await condition(() => run.cutNoticesShort === undefined, lastAttemptMs);
    run.cutNoticesShort?.();
    await condition(() => run.cutNoticesShort === undefined);
  }
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

/** Delivers the last notices of an experiment that has ended. */
export const remainingNotices: RemainingNoticesWorkflow = async ({ source, outbox }) => {
  let remaining = outbox;
  const lost: string[] = [];
  const emptying: Emptying = {
    source: () => source,
    read: () => remaining,
    write: (next) => void (remaining = next),
    onLost: (given) => void lost.push(...given),
  };
  while (remaining.waiting.length > 0) await attempt(emptying);
  return { lost };
};

/** Tries once, and waits where a receiver is behind; a new notice ends the wait. */
async function attempt({ source, read, write, onLost, onAttempt }: Emptying): Promise<void> {
  const before = read();
  if (before === undefined) return;
  const { waiting: notices, receivers } = before;
  const resting = findResting(before, Date.now());
  const scope = new CancellationScope();
  onAttempt?.(() => scope.cancel());
  const answer = await scope.run(() => tryToSend({ ...source(), notices, receivers, resting }));
  onAttempt?.(undefined);
  const { lastNumber } = before;
  const now = read() ?? before;
  const { outbox, lost } = afterAttempt(now, answer, Date.now());
  write(outbox);
  if (lost.length > 0) onLost(lost);
  const pauseMs = outbox.waiting.length > 0 ? retryPauseMs(outbox, Date.now()) : 0;
  if (pauseMs > 0) await condition(() => (read()?.lastNumber ?? 0) > Math.max(lastNumber, now.lastNumber), pauseMs);
}

async function tryToSend(input: Parameters<typeof sendNotices>[0]): Promise<AttemptResult> {
  try {
    return await sendNotices(input);
  } catch (error) {
    return { failure: failureFacts(error).message };
  }
}

function describeSource(run: Run): NoticeSource {
  const { namespace, name, target } = loadedExperiment(run);
  const { workflowId, firstRunId } = run.state;
  return { namespace, name, target, workflowId, firstRunId, temporalNamespace: workflowInfo().namespace };
}
