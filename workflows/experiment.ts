import { CancellationScope, CancelledFailure, ContinueAsNew, condition } from '@temporalio/workflow';
import { withCancellation } from '../core/planner/state-transitions.ts';
import { Unreadable } from '../contract/payload-converter.ts';
import { buildReport } from '../core/report/report-of-state.ts';
import type { ExperimentWorkflow, ManifestInput } from '../contract/workflow.ts';
import { complete, endByAbort, endByFailure, workflowFailure } from './ending.ts';
import type { Ending } from './ending.ts';
import { setMessageHandlers } from './messages/handlers.ts';
import { currentTimeMs } from './run/clock.ts';
import { openRun, update } from './run/run.ts';
import type { Run } from './run/run.ts';
import { runStages } from './stages.ts';

/**
 * One experiment: owns the target, shifts its traffic step by step, judges, and promotes or rolls back.
 *
 * @param manifest YAML or JSON bytes, text or object; null after continue-as-new.
 * @param carried the state of the experiment after continue-as-new.
 * @returns the final report; outcome `Failed` fails the workflow instead, a cancelled workflow ends cancelled.
 */
export const experiment: ExperimentWorkflow = async (manifest, carried) => {
  // The task is tried again: perhaps by a worker that has the key.
  if (carried instanceof Unreadable) throw new Error(`the state of the experiment cannot be read: ${carried.reason}`);
  const run = openRun(carried);
  setMessageHandlers(run);
  abortWhenCancelled(run);
  // A cancellation of the workflow is handled as an abort, so nothing below is cancelled directly.
  const ending = await CancellationScope.nonCancellable(async () => {
    const decided = await awaitEnding(run, manifest);
    await complete(run, decided);
    return decided;
  });
  if (ending.outcome === 'Failed') throw workflowFailure(ending, buildReport(run.state));
  if (run.state.cancelled && ending.outcome === 'Aborted')
    throw new CancelledFailure(`experiment cancelled: ${ending.reason}`);
  return buildReport(run.state);
};

function abortWhenCancelled(run: Run): void {
  CancellationScope.current().cancelRequested.catch(() => {
    if (!run.isClosing) update(run, withCancellation(run.state, currentTimeMs()));
  });
}

/** The stages' own ending, or the abort that pre-empts them. Continue-as-new is not an ending and passes through. */
async function awaitEnding(run: Run, manifest: ManifestInput | null): Promise<Ending> {
  const work = new CancellationScope();
  const stages = settleStages(run, manifest, work);
  const first = await Promise.race([stages, abortRequest(run)]);
  switch (first.kind) {
    case 'abort':
      return endByAbort(run, { stop: () => work.cancel(), stopped: stages });
    case 'ended':
      return first.ending;
    case 'failed':
      if (first.error instanceof ContinueAsNew) throw first.error;
      return endByFailure(run, first.error);
  }
}

type SettledStages =
  { readonly kind: 'ended'; readonly ending: Ending } | { readonly kind: 'failed'; readonly error: unknown };

/** Never rejects: once an abort has come first, nothing would handle the rejection. */
async function settleStages(run: Run, manifest: ManifestInput | null, work: CancellationScope): Promise<SettledStages> {
  try {
    return { kind: 'ended', ending: await work.run(() => runStages(run, manifest)) };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

async function abortRequest(run: Run): Promise<{ readonly kind: 'abort' }> {
  await condition(() => run.state.abort !== undefined);
  return { kind: 'abort' };
}
