import { searchAttributes } from '../../contract/messages.ts';
import { withSession } from '../temporal/connection.ts';
import {
  createAttributesCommand,
  formatAttributeType,
  missingSearchAttributes,
} from '../../temporal/search-attributes.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import type { ConnectionFlags } from '../context.ts';
import { failFinding, failureText, okFinding, warnFinding } from './finding.ts';
import type { Finding } from './finding.ts';
import { checkWorkers } from './workers.ts';

/** Checks whether Temporal answers and has the namespace, the search attributes and the workers that serin needs. */
export async function checkTemporal(flags: ConnectionFlags, taskQueue: string): Promise<readonly Finding[]> {
  try {
    return await withSession(flags, async (session) => [
      await checkNamespace(session),
      await checkSearchAttributes(session),
      ...(await checkWorkers(session, taskQueue)),
    ]);
  } catch (error) {
    return [
      failFinding(failureText(error), 'point --address and --namespace, TEMPORAL_* or temporal.toml to your Temporal'),
    ];
  }
}

async function checkNamespace({ client, address, namespace }: TemporalService): Promise<Finding> {
  await client.workflowService.describeNamespace({ namespace });
  return okFinding(`Temporal at ${address} answers, and has the namespace ${namespace}`);
}

async function checkSearchAttributes({ client, namespace }: TemporalService): Promise<Finding> {
  const answer = client.connection.operatorService.listSearchAttributes({ namespace });
  const registered = await answer.then(({ customAttributes }) => customAttributes, failureText);
  if (typeof registered === 'string') {
    return warnFinding(
      `Temporal does not tell which search attributes it has: ${registered}`,
      createAttributesCommand(namespace, searchAttributes),
    );
  }
  const missing = missingSearchAttributes(registered);
  if (missing.length === 0)
    return okFinding(`search attributes: ${searchAttributes.map(({ name }) => name).join(', ')}`);
  const names = missing.map(({ name, type }) => `${name} (${formatAttributeType(type)})`).join(', ');
  return warnFinding(
    `no search attributes ${names}: experiments are not found by them`,
    createAttributesCommand(namespace, missing),
  );
}
