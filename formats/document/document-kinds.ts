import { readField } from '../../core/text/json.ts';
import { readDocuments } from './document.ts';

/** The kinds of a text's documents; none where it is not YAML. */
export function kindsIn(text: string): ReadonlySet<string> {
  const reading = readDocuments(text, '');
  if (reading.kind === 'invalid') return new Set();
  return new Set(reading.documents.flatMap(({ value }) => documentKind(value) ?? []));
}

/** Where the experiment of a text is, whatever else is wrong with it; the default where there is none. */
export function experimentNamespaceIn(text: string): string {
  const reading = readDocuments(text, '');
  const documents = reading.kind === 'read' ? reading.documents : [];
  const experiment = documents.find(({ value }) => documentKind(value) === 'Experiment');
  return documentNamespace(experiment?.value) ?? 'default';
}

function documentNamespace(value: unknown): string | undefined {
  const namespace = readField(readField(value, 'metadata'), 'namespace');
  return typeof namespace === 'string' ? namespace : undefined;
}

/** The kind of a document, if it says one. */
export function documentKind(value: unknown): string | undefined {
  const kind = readField(value, 'kind');
  return typeof kind === 'string' ? kind : undefined;
}
