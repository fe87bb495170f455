import { pause } from '../../kubernetes/pause.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';
import { isClosed } from '../../temporal/read-run.ts';
import { viewWorkflow } from './find-experiment.ts';
import type { ExperimentView } from './experiments.ts';
import { explainClientError } from './failures.ts';

const pollIntervalMs = 1_000;

/**
 * The limit of one poll: during an outage Temporal's client would retry for longer than a viewer should show an old state.
 */
const attemptLimitMs = 5_000;

/** Whether the view is the last one: the experiment has an outcome, or its workflow is closed. */
export function isFinalView({ report, execution }: ExperimentView): boolean {
  return report?.outcome !== undefined || isClosed(execution);
}

/**
 * Reads an experiment every second, until `isLast` (default: it has ended) or the signal is aborted; yields at least one view. While no worker
 * or no server answers, yields the last report again with a note.
 */
export async function* pollExperiment(
  session: TemporalService,
  workflowId: string,
  signal: AbortSignal,
  isLast: (view: ExperimentView) => boolean = isFinalView,
): AsyncGenerator<ExperimentView> {
  let last = await viewWorkflow(session, workflowId);
  for (;;) {
    yield last;
    if (isLast(last) || !(await pause(signal, pollIntervalMs))) return;
    const previous = last;
    last = await session.client.withAbortSignal(signal, () => pollOnce(session, workflowId, previous));
    if (signal.aborted) return;
  }
}

async function pollOnce(session: TemporalService, workflowId: string, last: ExperimentView): Promise<ExperimentView> {
  try {
    const view = await session.client.withDeadline(Date.now() + attemptLimitMs, () =>
      viewWorkflow(session, workflowId),
    );
    return view.report === undefined && last.report !== undefined ? { ...view, report: last.report } : view;
  } catch (error) {
    const { kind, message } = explainClientError(error, session);
    if (kind === 'notFound') throw new CommandError(kind, message, { cause: error });
    return { ...last, note: message };
  }
}
