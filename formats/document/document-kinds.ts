import { readField } from '../../core/text/json.ts';
import type { LocatedDocument } from './document.ts';

/** The kinds of documents. */
export function listKinds(documents: readonly LocatedDocument[]): ReadonlySet<string> {
  return new Set(documents.flatMap(({ value }) => documentKind(value) ?? []));
}

/** The namespace of the first experiment among documents that may have mistakes: its own, else its target's, else `default`. */
export function findExperimentNamespace(documents: readonly LocatedDocument[]): string {
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
