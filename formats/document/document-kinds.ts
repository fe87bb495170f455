import { readField } from '../../core/text/json.ts';
import { readDocuments } from './document.ts';

/** The kinds of a text's documents; empty where it is not YAML. */
export function kindsIn(text: string): ReadonlySet<string> {
  const reading = readDocuments(text, '');
  if (reading.kind === 'invalid') return new Set();
  return new Set(reading.documents.flatMap(({ value }) => documentKind(value) ?? []));
}

/** The namespace of the experiment in a text that may have other mistakes: its own, else its target's, else `default`. */
export function experimentNamespaceIn(text: string): string {
  const reading = readDocuments(text, '');
  const documents = reading.kind === 'read' ? reading.documents : [];
  const experiment = documents.find(({ value }) => documentKind(value) === 'Experiment');
  return documentNamespace(experiment?.value) ?? targetNamespace(experiment?.value) ?? 'default';
}

function documentNamespace(value: unknown): string | undefined {
  const namespace = readField(readField(value, 'metadata'), 'namespace');
  return typeof namespace === 'string' ? namespace : undefined;
}

function targetNamespace(value: unknown): string | undefined {
  const target = readField(readField(value, 'spec'), 'target');
  const [namespace, name] = typeof target === 'string' ? target.split('/') : [];
  return name === undefined ? undefined : namespace;
}

/** The kind of a document, if it has one. */
export function documentKind(value: unknown): string | undefined {
  const kind = readField(value, 'kind');
  return typeof kind === 'string' ? kind : undefined;
}
