import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { workflowType } from '../../contract/names.ts';
import type { CommandContext } from '../context.ts';
import { remark } from '../context.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';
import { describeExecution, viewExecution } from './experiments.ts';
import type { Execution, ExperimentView } from './experiments.ts';
import { runningOn, runsOfObjects } from './visibility.ts';

/**
 * Finds the experiment for an id or name on the command line: the workflow of this id, else the newest experiment of this
 * name, started by `serin start` or by the operator, else the one that runs on the Knative Service of this name. Prints a
 * note when several have the name. Fails with `notFound`.
 */
export async function findExecution(context: CommandContext, session: TemporalService, id: string): Promise<Execution> {
  const exact = await describeExecution(session, id);
  if (exact !== undefined) return exact;
  const name = possibleName(id);
  if (name === undefined) throw notFound(session, `experiment ${id}`);
  const [newest, ...older] = await findExecutions(session, name);
  if (newest === undefined) return executionOn(session, id, name);
  if (older.length > 0) {
    const which = `${older.length + 1} experiments are called ${formatObjectName(name)}; this is the newest`;
    remark(context, `note: ${which}, ${newest.workflowId}`);
  }
  return newest;
}

/** Reads the latest run of a workflow. Fails with `notFound`. */
export async function viewWorkflow(session: TemporalService, workflowId: string): Promise<ExperimentView> {
  const execution = await describeExecution(session, workflowId);
  if (execution === undefined) throw notFound(session, `experiment ${workflowId}`);
  return viewExecution(session, execution);
}

/** The experiment that `NAMESPACE/NAME` may name, or `NAME` in the namespace `default`; a longer text is an id and nothing else. */
export function possibleName(id: string): ObjectName | undefined {
  const [first = '', second, ...rest] = id.split('/');
  if (rest.length > 0) return undefined;
  return second === undefined ? { namespace: 'default', name: first } : { namespace: first, name: second };
}

/** All experiments of the name, the newest first. */
async function findExecutions(session: TemporalService, name: ObjectName): Promise<readonly Execution[]> {
  const started = await describeExecution(session, `${workflowType}/${formatObjectName(name)}`);
  const operated = await runsOfObjects(session, name);
  const all = started === undefined ? operated : [started, ...operated];
  return all.toSorted((a, b) => b.startTime.getTime() - a.startTime.getTime());
}

/** The experiment that runs on a Knative Service, which only a name with its namespace can stand for. */
async function executionOn(session: TemporalService, id: string, name: ObjectName): Promise<Execution> {
  const [only, ...others] = id.includes('/') ? await runningOn(session, id) : [];
  if (only === undefined) throw notFound(session, `experiment ${id} or ${workflowType}/${formatObjectName(name)}`);
  if (others.length === 0) return only;
  const message = `several experiments run on ${id} ${formatPlace(session)}: \`serin get --target ${id}\` lists them`;
  throw new CommandError('notFound', message);
}

function notFound(session: TemporalService, what: string): CommandError {
  return new CommandError('notFound', `no ${what} ${formatPlace(session)}; \`serin get\` lists all`);
}

function formatPlace({ namespace, address }: TemporalService): string {
  return `in namespace ${namespace} at ${address}`;
}
