import { searchAttributes } from '../contract/messages.ts';
import { callWithin, readCallFailure } from '../temporal/grpc.ts';
import { createAttributesCommand, missingSearchAttributes } from '../temporal/search-attributes.ts';
import type { TemporalService } from '../temporal/settings.ts';
import { failure, innermostMessage } from './failures.ts';

/** Which of serin's search attributes the Temporal namespace has with the right type, and what to say about the others. */
export interface SearchAttributesReading {
  readonly names: readonly string[];
  readonly warnings: readonly string[];
}

const limitMs = 5_000;

/** Asks Temporal once; a server that refuses to list them counts as one that has none. */
export async function readSearchAttributes(temporal: TemporalService): Promise<SearchAttributesReading> {
  const registered = await listRegistered(temporal);
  const missing = missingSearchAttributes(registered);
  const usable = searchAttributes.filter((attribute) => !missing.includes(attribute));
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
    const answer = await callWithin(client, limitMs, () => operatorService.listSearchAttributes({ namespace }));
    return answer.customAttributes;
  } catch (error) {
    if (isRefusal(error)) return {};
    const message = `cannot ask Temporal at ${address} for the search attributes of ${namespace}: ${innermostMessage(error)}`;
    throw failure('TemporalUnavailable', { message, cause: error });
  }
}

/** Whether the server refuses to list them: Temporal Cloud, for one, has no operator service. */
function isRefusal(error: unknown): boolean {
  const kind = readCallFailure(error)?.kind;
  return kind === 'forbidden' || kind === 'unimplemented';
}

function missingAttributesWarning(
  missing: ReturnType<typeof missingSearchAttributes>,
  { namespace }: TemporalService,
): string {
  const names = missing.map(({ name }) => name).join(', ');
  const remedy = createAttributesCommand(namespace, missing);
  return `Temporal namespace ${namespace} lacks search attributes (${names}), so experiments cannot be listed by them; create them with \`${remedy}\``;
}
