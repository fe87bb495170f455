import { readDocuments } from './document.ts';

/** The kinds of a text's documents; none where it is not YAML. */
export function kindsIn(text: string): ReadonlySet<string> {
  const reading = readDocuments(text, '');
  if (reading.kind === 'invalid') return new Set();
  return new Set(reading.documents.flatMap(({ value }) => kindOf(value)));
}

function kindOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return [];
  return typeof value.kind === 'string' ? [value.kind] : [];
}
