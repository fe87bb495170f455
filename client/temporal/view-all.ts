import { failureDetails } from '../../temporal/grpc.ts';
import { isClosed } from '../../temporal/read-run.ts';
import { readListedVersion } from '../../temporal/deployment-version.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { viewExecution } from './experiments.ts';
import { explainClientError } from './failures.ts';
import type { Execution, ExperimentView, ViewDetail } from './experiments.ts';

/** The number of reports that are read at a time. */
const concurrency = 8;

/** A worker that runs answers within milliseconds. A list does not wait for one as long as a command about one experiment. */
const readLimits = { callLimitMs: 5_000, queryLimitMs: 2_000 };

/** The workers that may answer for a run: those of its task queue, and of its version where it has one. */
type Workers = string;

/**
 * Reads the reports of many runs, in their order; one that cannot be read is as good as silent, and keeps none of the others back. Workers of which none has answered for the first runs that they have are not asked
 * about the others, so that a list of open runs without a worker costs one query limit.
 */
export async function viewAll(
  session: TemporalService,
  executions: readonly Execution[],
  detail: ViewDetail = 'full',
): Promise<readonly ExperimentView[]> {
  const views: ExperimentView[] = [];
  const answering = new Set<Workers>();
  const silent = new Map<Workers, ExperimentView>();
  const view = async (execution: Execution): Promise<ExperimentView> => {
    const known = isClosed(execution) ? undefined : silent.get(nameWorkers(execution));
    if (known !== undefined) return { ...known, execution };
    return viewExecution(session, execution, { detail, readLimits }).catch((error: unknown) => {
      if (explainClientError(error, session).kind === 'unreachable') throw error;
      return { execution, note: failureDetails(error), silence: 'unreadable' };
    });
  };
  for (let start = 0; start < executions.length; start += concurrency) {
    const batch = await Promise.all(executions.slice(start, start + concurrency).map(view));
    views.push(...batch);
    for (const { execution, report } of batch) {
      if (report !== undefined && !isClosed(execution)) answering.add(nameWorkers(execution));
    }
    for (const one of batch) {
      const workers = nameWorkers(one.execution);
      if (one.silence === 'noWorker' && !answering.has(workers)) silent.set(workers, one);
    }
  }
  return views;
}

function nameWorkers(execution: Execution): Workers {
  return JSON.stringify([execution.taskQueue, readListedVersion(execution)]);
}
