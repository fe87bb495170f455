import { readDocuments } from './document.ts';

/** The kinds of a text's documents; none where it is not YAML. */
export function kindsIn(text: string): ReadonlySet<string> {
  const reading = readDocuments(text, '');
  if (reading.kind === 'invalid') return new Set();
  return new Set(reading.documents.flatMap(({ value }) => kindOf(value)));
}

/** Where the experiment of a text is, whatever else is wrong with it; the default where there is none. */
export function experimentNamespaceIn(text: string): string {
  const reading = readDocuments(text, '');
  const documents = reading.kind === 'read' ? reading.documents : [];
  const experiment = documents.find(({ value }) => kindOf(value).includes('Experiment'));
  return namespaceOf(experiment?.value) ?? 'default';
}

function namespaceOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return undefined;
  const { metadata } = value;
  if (typeof metadata !== 'object' || metadata === null || !('namespace' in metadata)) return undefined;
  return typeof metadata.namespace === 'string' ? metadata.namespace : undefined;
}

function kindOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return [];
  return typeof value.kind === 'string' ? [value.kind] : [];
}
