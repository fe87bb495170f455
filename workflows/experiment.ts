import { CancellationScope, CancelledFailure, ContinueAsNew, condition } from '@temporalio/workflow';
import { buildReport } from '../core/report/report-of-state.ts';
import type { ExperimentWorkflow, ManifestInput } from '../contract/workflow.ts';
import { complete, endByAbort, endByFailure, workflowFailure } from './ending.ts';
import type { Ending } from './ending.ts';
import { setMessageHandlers } from './run/handlers.ts';
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
  const run = openRun(carried);
  setMessageHandlers(run);
  abortWhenCancelled(run);
  // Nothing below is cancelled by surprise: a cancelled workflow takes the road of an abort.
  const ending = await CancellationScope.nonCancellable(() => conduct(run, manifest));
  if (ending.outcome === 'Failed') throw workflowFailure(ending, buildReport(run.state));
  if (run.state.cancelled && ending.outcome === 'Aborted')
    throw new CancelledFailure(`experiment cancelled: ${ending.reason}`);
  return buildReport(run.state);
};

function abortWhenCancelled(run: Run): void {
  CancellationScope.current().cancelRequested.catch(() => {
    if (run.isClosing) return;
    const abort = run.state.abort ?? { reason: 'the workflow was cancelled', atMs: Date.now() };
    update(run, { ...run.state, abort, cancelled: true });
  });
}

async function conduct(run: Run, manifest: ManifestInput | null): Promise<Ending> {
  const ending = await awaitEnding(run, manifest);
  await complete(run, ending);
  return ending;
}

/** The story's own ending, or the abort that pre-empts it. Continue-as-new is not an ending and passes through. */
async function awaitEnding(run: Run, manifest: ManifestInput | null): Promise<Ending> {
  const work = new CancellationScope();
  let result: StagesResult | undefined;
  const stagesSettled = work
    .run(() => runStages(run, manifest))
    .then((ending) => ({ ending }))
    .catch((error: unknown) => ({ error }))
    .then((settled) => void (result = settled));
  await condition(() => result !== undefined || run.state.abort !== undefined);
  if (result === undefined) return endByAbort(run, { stop: () => work.cancel(), stopped: stagesSettled });
  return resolveEnding(run, result);
}

type StagesResult = { readonly ending: Ending } | { readonly error: unknown };

async function resolveEnding(run: Run, result: StagesResult): Promise<Ending> {
  if ('ending' in result) return result.ending;
  if (result.error instanceof ContinueAsNew) throw result.error;
  return endByFailure(run, result.error);
}
