import type { SearchAttributeType } from '@temporalio/common';
import type { TemporalService } from './settings.ts';
import { searchAttributes } from '../contract/messages.ts';

type SearchAttribute = (typeof searchAttributes)[number];

/** `temporal.api.enums.v1.IndexedValueType`, by the names that the SDK uses. */
const indexedValueTypes: Readonly<Record<SearchAttribute['type'], number>> = { KEYWORD: 2, INT: 3 };

/** The search attributes of serin that are not registered with their type; `registered` is what the operator service lists. */
export function missingSearchAttributes(registered: Readonly<Record<string, number>>): readonly SearchAttribute[] {
  return searchAttributes.filter(({ name, type }) => registered[name] !== indexedValueTypes[type]);
}

/** Registers the search attributes of serin that are missing; where Temporal does not allow it, they stay missing. */
export async function registerSearchAttributes({ client, namespace }: TemporalService): Promise<void> {
  const { operatorService } = client.connection;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = missingSearchAttributes(customAttributes).map(({ name, type }) => [name, indexedValueTypes[type]]);
  if (missing.length === 0) return;
  const added = operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
  await added.catch(() => undefined);
}

/** The command that registers search attributes. */
export function createAttributesCommand(namespace: string, attributes: readonly SearchAttribute[]): string {
  const flags = attributes.map(({ name, type }) => `--name ${name} --type ${formatAttributeType(type)}`).join(' ');
  return `temporal operator search-attribute create --namespace ${namespace} ${flags}`;
}

/** The type as the Temporal CLI spells it: `Keyword`. */
export function formatAttributeType(type: SearchAttributeType): string {
  return type.charAt(0) + type.slice(1).toLowerCase();
}
