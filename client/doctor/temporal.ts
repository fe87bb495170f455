import { searchAttributes } from '../../contract/messages.ts';
import { withSession } from '../temporal/connection.ts';
import type { Session } from '../temporal/connection.ts';
import type { ConnectionFlags } from '../context.ts';
import { hasWorker } from '../temporal/task-queue.ts';
import { failFinding, failureText, okFinding, warnFinding } from './finding.ts';
import type { Finding } from './finding.ts';

/** Whether Temporal is there with all that serin uses of it. */
export async function checkTemporal(flags: ConnectionFlags, taskQueue: string): Promise<readonly Finding[]> {
  try {
    return await withSession(flags, async (session) => [
      await checkNamespace(session),
      await checkSearchAttributes(session),
      await checkWorkers(session, taskQueue),
    ]);
  } catch (error) {
    return [
      failFinding(failureText(error), 'point --address and --namespace, TEMPORAL_* or temporal.toml to your Temporal'),
    ];
  }
}

async function checkNamespace({ client, address, namespace }: Session): Promise<Finding> {
  await client.workflowService.describeNamespace({ namespace });
  return okFinding(`Temporal at ${address} answers, and has the namespace ${namespace}`);
}

/** `temporal.api.enums.v1.IndexedValueType`. */
const indexedValueTypes: Readonly<Record<(typeof searchAttributes)[number]['type'], number>> = { KEYWORD: 2, INT: 3 };

/** As the Temporal CLI spells them. */
const typeNames = { KEYWORD: 'Keyword', INT: 'Int' } as const;

async function checkSearchAttributes({ client, namespace }: Session): Promise<Finding> {
  const createRemedy = (attributes: readonly (typeof searchAttributes)[number][]): string => {
    const flags = attributes.map(({ name, type }) => `--name ${name} --type ${typeNames[type]}`).join(' ');
    return `temporal operator search-attribute create --namespace ${namespace} ${flags}`;
  };
  const answer = client.connection.operatorService.listSearchAttributes({ namespace });
  const registered = await answer.then(({ customAttributes }) => customAttributes, failureText);
  if (typeof registered === 'string') {
    return warnFinding(
      `Temporal does not tell which search attributes it has: ${registered}`,
      createRemedy(searchAttributes),
    );
  }
  const missing = searchAttributes.filter(({ name, type }) => registered[name] !== indexedValueTypes[type]);
  if (missing.length === 0)
    return okFinding(`search attributes: ${searchAttributes.map(({ name }) => name).join(', ')}`);
  const names = missing.map(({ name, type }) => `${name} (${typeNames[type]})`).join(', ');
  return warnFinding(`no search attributes ${names}: experiments are not found by them`, createRemedy(missing));
}

async function checkWorkers(session: Session, taskQueue: string): Promise<Finding> {
  if (await hasWorker(session, taskQueue)) return okFinding(`workers poll the task queue ${taskQueue}`);
  return failFinding(
    `no worker polls the task queue ${taskQueue}`,
    'start one (docs/operations.md), or set --task-queue',
  );
}
