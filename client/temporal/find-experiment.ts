import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { workflowType } from '../../contract/names.ts';
import type { CommandContext } from '../context.ts';
import { remark } from '../context.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';
import { describeExecution, viewExecution } from './experiments.ts';
import type { Execution, ExperimentView } from './experiments.ts';
import { runningOn, runsByName, runsOfObjects, runsOfSchedules } from './visibility.ts';

/**
 * Finds the experiment for an id or name on the command line: the workflow of this id, else the newest experiment of this
 * id or name, started by `serin start`, by a schedule or by the operator, else the one that runs on the Knative Service of this
 * name, else the newest that says this name itself. Prints a note when several have the name. Fails with `notFound`.
 */
export async function findExecution(context: CommandContext, session: TemporalService, id: string): Promise<Execution> {
  const exact = await describeExecution(session, id);
  if (exact !== undefined) return exact;
  const name = possibleName(id);
  const known = await findExecutions(session, id, name);
  if (known.length > 0) return newestOf(context, known, id);
  if (name === undefined) throw notFound(session, `experiment ${id}`);
  const running = id.includes('/') ? await executionOn(session, id) : undefined;
  if (running !== undefined) return running;
  const named = await runsByName(session, name);
  if (named.length === 0) throw notFound(session, `experiment ${id} or ${workflowType}/${formatObjectName(name)}`);
  return newestOf(context, named, id);
}

/** The newest of several, with a note where there are others. */
function newestOf(context: CommandContext, executions: readonly Execution[], id: string): Execution {
  const [newest, ...older] = executions.toSorted((a, b) => b.startTime.getTime() - a.startTime.getTime());
  if (newest === undefined) throw new Error('there is no experiment to choose from');
  if (older.length > 0) {
    const name = possibleName(id);
    const which = `${older.length + 1} experiments are called ${name === undefined ? id : formatObjectName(name)}`;
    remark(context, `note: ${which}; this is the newest, ${newest.workflowId}`);
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

/** All experiments that were started under the id or name. */
async function findExecutions(
  session: TemporalService,
  id: string,
  name: ObjectName | undefined,
): Promise<readonly Execution[]> {
  if (name === undefined) return runsOfSchedules(session, [id]);
  const workflowId = `${workflowType}/${formatObjectName(name)}`;
  const started = await describeExecution(session, workflowId);
  const operated = await runsOfObjects(session, name);
  const scheduled = await runsOfSchedules(session, [id, workflowId]);
  return [...(started === undefined ? [] : [started]), ...operated, ...scheduled];
}

/** Finds the experiment that runs on the Knative Service `NAMESPACE/NAME`, or `NAME` in `default`. Fails with `notFound`. */
export async function findRunningOn(session: TemporalService, target: string): Promise<Execution> {
  const name = possibleName(target);
  if (name === undefined)
    throw new CommandError('usage', `TARGET is NAMESPACE/NAME of a Knative Service, not ${target}`);
  const full = formatObjectName(name);
  const running = await executionOn(session, full, true);
  if (running !== undefined) return running;
  const remedy = `its bake time is over, or it had none; \`serin get --target ${full}\` shows what ran there, and \`serin reject ID\` does the same by id`;
  throw new CommandError('notFound', `no experiment runs on ${full} ${formatPlace(session)}: ${remedy}`);
}

/** The experiment that runs on a Knative Service, which only a name with its namespace can stand for. */
async function executionOn(session: TemporalService, id: string, isHolder = false): Promise<Execution | undefined> {
  const [only, ...others] = await runningOn(session, id, isHolder);
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
