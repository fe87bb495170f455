import { isJsonObject, readField } from '../../core/text/json.ts';
import { documentKind } from './document-kinds.ts';
import { readDocuments } from './document.ts';
import type { DocumentsReading, LocatedDocument } from './document.ts';
import type { Path } from './issue.ts';

/** How the objects of a text are read. */
export interface ObjectsOptions {
  /** The namespace of objects that name none, as `kubectl apply --namespace` gives it to them. */
  readonly namespace?: string;
}

/**
 * Reads all objects of a text: its documents, and of a list, as `kubectl get -o yaml` prints it, each item. A text without
 * any object has one document, which is nothing.
 */
export function readObjects(text: string, file: string, options: ObjectsOptions = {}): DocumentsReading {
  const reading = readDocuments(text, file);
  if (reading.kind === 'invalid') return reading;
  const documents = reading.documents.flatMap(listItems).map((document) => inNamespace(document, options));
  return { kind: 'read', documents };
}

/** The items of a list, each at its own place; any other document is itself. */
export function listItems(document: LocatedDocument): readonly LocatedDocument[] {
  const items = readField(document.value, 'items');
  if (!isList(document.value) || !Array.isArray(items)) return [document];
  return items.map((value: unknown, index): LocatedDocument => {
    const within = (path: Path): Path => ['items', index, ...path];
    return {
      value,
      findPosition: (path) => document.findPosition(within(path)),
      findKeyPosition: (path) => document.findKeyPosition(within(path)),
    };
  });
}

/** `List`, and `ExperimentList` as the API server answers it; a mapping of items without a kind is nothing else either. */
function isList(value: unknown): boolean {
  return documentKind(value)?.endsWith('List') !== false;
}

function inNamespace(document: LocatedDocument, { namespace }: ObjectsOptions): LocatedDocument {
  const { value } = document;
  const metadata = readField(value, 'metadata');
  if (namespace === undefined || !isJsonObject(value) || !isJsonObject(metadata)) return document;
  if (metadata['namespace'] !== undefined && metadata['namespace'] !== null) return document;
  return { ...document, value: { ...value, metadata: { ...metadata, namespace } } };
}
