import { isGrpcServiceError } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
import { searchAttributes } from '../contract/messages.ts';
import { failure, innermostMessage } from './failures.ts';
import type { TemporalService } from './knative/holder-chain.ts';

/** Which of serin's search attributes the Temporal namespace has with the right type, and what to say about the others. */
export interface SearchAttributesReading {
  readonly names: readonly string[];
  readonly warnings: readonly string[];
}

/** `temporal.api.enums.v1.IndexedValueType`, by the names that the SDK uses. */
const indexedValueTypes: Readonly<Record<SearchAttributeType, number>> = {
  [SearchAttributeType.TEXT]: 1,
  [SearchAttributeType.KEYWORD]: 2,
  [SearchAttributeType.INT]: 3,
  [SearchAttributeType.DOUBLE]: 4,
  [SearchAttributeType.BOOL]: 5,
  [SearchAttributeType.DATETIME]: 6,
  [SearchAttributeType.KEYWORD_LIST]: 7,
};

const limitMs = 5_000;

/** Asks Temporal once; a server that does not tell counts as one that has none. */
export async function readSearchAttributes(temporal: TemporalService): Promise<SearchAttributesReading> {
  const registered = await listRegistered(temporal);
  const usable = searchAttributes.filter(({ name, type }) => registered[name] === indexedValueTypes[type]);
  const missing = searchAttributes.filter((attribute) => !usable.includes(attribute));
  return {
    names: usable.map(({ name }) => name),
    warnings: missing.length === 0 ? [] : [missingAttributesWarning(missing, temporal)],
  };
}

async function listRegistered({
  client,
  address,
  namespace,
}: TemporalService): Promise<Readonly<Record<string, number>>> {
  try {
    const { operatorService } = client.connection;
    const answer = await client.withDeadline(Date.now() + limitMs, () =>
      operatorService.listSearchAttributes({ namespace }),
    );
    return answer.customAttributes;
  } catch (error) {
    if (isRefusal(error)) return {};
    const message = `cannot ask Temporal at ${address} for the search attributes of ${namespace}: ${innermostMessage(error)}`;
    throw failure('TemporalUnavailable', { message, cause: error });
  }
}

/** Status codes of gRPC: Temporal Cloud, for one, has no operator service. */
const permissionDenied = 7;
const unimplemented = 12;

function isRefusal(error: unknown): boolean {
  if (!isGrpcServiceError(error)) return false;
  const code: number = error.code;
  return code === permissionDenied || code === unimplemented;
}

function missingAttributesWarning(
  missing: typeof searchAttributes | readonly (typeof searchAttributes)[number][],
  { namespace }: TemporalService,
): string {
  const names = missing.map(({ name }) => name).join(', ');
  const commands = missing.map(({ name, type }) => `--name ${name} --type ${typeName(type)}`).join(' ');
  const remedy = `temporal operator search-attribute create --namespace ${namespace} ${commands}`;
  return `Temporal namespace ${namespace} lacks search attributes (${names}), so experiments cannot be listed by them; create them with \`${remedy}\``;
}

/** As the Temporal CLI spells it: `Keyword`. */
function typeName(type: SearchAttributeType): string {
  return type.charAt(0) + type.slice(1).toLowerCase();
}
