import type { Session } from './connection.ts';
import { CommandError } from './errors.ts';
import { describeExecution, possibleWorkflowIds, viewExecution } from './experiments.ts';
import type { Execution, ExperimentView } from './experiments.ts';
import { runningOn } from './visibility.ts';

/**
 * The latest run of the experiment with this id or name, or the one that runs on the Knative Service of this name. Fails
 * with `notFound`.
 */
export async function findExecution(session: Session, id: string): Promise<Execution> {
  const ids = possibleWorkflowIds(id);
  for (const workflowId of ids) {
    const execution = await describeExecution(session, workflowId);
    if (execution !== undefined) return execution;
  }
  const [only, ...others] = id.includes('/') ? await runningOn(session, id) : [];
  if (only !== undefined && others.length === 0) return only;
  const where = `in namespace ${session.namespace} at ${session.address}`;
  if (only !== undefined) {
    const message = `several experiments run on ${id} ${where}: \`serin get --target ${id}\` lists them`;
    throw new CommandError('notFound', message);
  }
  throw new CommandError('notFound', `no experiment ${ids.join(' or ')} ${where}; \`serin get\` lists all`);
}

export async function viewExperiment(session: Session, id: string): Promise<ExperimentView> {
  return viewExecution(session, await findExecution(session, id));
}
