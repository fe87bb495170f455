import {
  CORE_SCHEMA,
  EVENT_ID,
  SCALAR_STYLE,
  YAMLException,
  constructFromEvents,
  getScalarValue,
  mergeTag,
  parseEvents,
} from 'js-yaml';
import type { Event, ScalarEvent } from 'js-yaml';
import type { Issue, Path } from './issue.ts';

/** A place in a text; lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A document and the positions of its values. */
export interface LocatedDocument {
  readonly value: unknown;
  /**
   * The position of the value, else of the nearest value around it; undefined for a document that was not read from text.
   */
  readonly findPosition: (path: Path) => Position | undefined;
  /** The position of a mapping's key, else of the value. */
  readonly findKeyPosition: (path: Path) => Position | undefined;
}

export type DocumentsReading =
  | { readonly kind: 'read'; readonly documents: readonly LocatedDocument[] }
  | { readonly kind: 'invalid'; readonly issues: readonly Issue[] };

/** YAML as kubectl reads it: with merge keys, `<<`. */
const schema = CORE_SCHEMA.withTags(mergeTag);

/** For text that a person writes: a key given twice is a mistake, and no manifest has more aliases than this. */
const strict = { schema, json: false, maxAliases: 100 };

/** For text that a template writes: the last of two equal keys counts, as it does for helm. */
const lenient = { schema, json: true };

/**
 * Reads all YAML or JSON documents of a text; `by` is its author, for whom the rules differ. A text that is not YAML gives
 * one issue with its position.
 */
export function readDocuments(text: string, file: string, by: 'person' | 'template' = 'person'): DocumentsReading {
  try {
    const events = parseEvents(text, {});
    const values = constructFromEvents(events, { source: text, ...(by === 'person' ? strict : lenient) });
    const places = locate(events, text);
    const documents = values.map((value, index) => located(value, text, places[index]));
    return { kind: 'read', documents };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return { kind: 'invalid', issues: [yamlIssue(error, file)] };
  }
}

/** A document that was not read from text, so that its values have no positions. */
export function unlocated(value: unknown): LocatedDocument {
  return { value, findPosition: () => undefined, findKeyPosition: () => undefined };
}

function yamlIssue({ reason, mark }: YAMLException, file: string): Issue {
  const position = mark === undefined ? {} : { line: mark.line + 1, column: mark.column + 1 };
  return { file, ...position, path: '(document)', expected: 'YAML or JSON', got: reason };
}

/** Offsets of values and of keys, by the path written as JSON. */
interface Places {
  readonly values: ReadonlyMap<string, number>;
  readonly keys: ReadonlyMap<string, number>;
}

function located(value: unknown, text: string, places: Places | undefined): LocatedDocument {
  const positionAt = positionsIn(text);
  const position = (offset: number | undefined): Position | undefined =>
    offset === undefined ? undefined : positionAt(offset);
  const valueOffset = (path: Path): number | undefined => {
    const own = places?.values.get(JSON.stringify(path)) ?? places?.keys.get(JSON.stringify(path));
    return own === undefined && path.length > 0 ? valueOffset(path.slice(0, -1)) : own;
  };
  return {
    value,
    findPosition: (path) => position(valueOffset(path)),
    findKeyPosition: (path) => position(places?.keys.get(JSON.stringify(path)) ?? valueOffset(path)),
  };
}

/** Finds positions by the starts of the lines, which are looked up once, when first asked for. */
function positionsIn(text: string): (offset: number) => Position {
  let starts: readonly number[] | undefined;
  return (offset) => {
    starts ??= [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
    const line = lastAtMost(starts, offset);
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
}

/** The index of the last number that is not greater; the numbers ascend from 0. */
function lastAtMost(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((numbers[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A collection that is still open, with its path. */
interface Open {
  readonly kind: 'mapping' | 'sequence' | 'document';
  readonly path: Path;
  /** The key whose value comes next; in a sequence the index. */
  next: string | number | undefined;
}

function locate(events: readonly Event[], source: string): Places[] {
  const documents: { values: Map<string, number>; keys: Map<string, number> }[] = [];
  const open: Open[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.POP) open.pop();
    else if (event.type === EVENT_ID.DOCUMENT) {
      documents.push({ values: new Map(), keys: new Map() });
      open.push({ kind: 'document', path: [], next: undefined });
    } else visitNode(event, { source, open, places: documents.at(-1) });
  }
  return documents;
}

type NodeEvent = Exclude<Event, { type: typeof EVENT_ID.POP } | { type: typeof EVENT_ID.DOCUMENT }>;

interface Visit {
  readonly source: string;
  readonly open: Open[];
  readonly places: { readonly values: Map<string, number>; readonly keys: Map<string, number> } | undefined;
}

function visitNode(event: NodeEvent, { source, open, places }: Visit): void {
  const parent = open.at(-1);
  const offset = nodeOffset(event);
  if (parent?.kind === 'mapping' && parent.next === undefined) {
    parent.next = event.type === EVENT_ID.SCALAR ? getScalarValue(source, event) : '';
    if (offset !== undefined) places?.keys.set(JSON.stringify([...parent.path, parent.next]), offset);
    if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE)
      open.push(openCollection(event, parent.path));
    return;
  }
  const path = childPath(parent);
  if (offset !== undefined) places?.values.set(JSON.stringify(path), offset);
  if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) open.push(openCollection(event, path));
}

function childPath(parent: Open | undefined): Path {
  if (parent === undefined || parent.kind === 'document') return [];
  const path = [...parent.path, parent.next ?? 0];
  parent.next = parent.kind === 'sequence' ? Number(parent.next) + 1 : undefined;
  return path;
}

function openCollection(event: NodeEvent, path: Path): Open {
  return event.type === EVENT_ID.SEQUENCE
    ? { kind: 'sequence', path, next: 0 }
    : { kind: 'mapping', path, next: undefined };
}

function nodeOffset(event: NodeEvent): number | undefined {
  switch (event.type) {
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start;
    case EVENT_ID.SCALAR:
      return scalarOffset(event);
    case EVENT_ID.ALIAS:
      return event.anchorStart;
  }
}

/** An empty value has no text of its own, and its key is the better place; a quoted one begins at its quote. */
function scalarOffset({ valueStart, valueEnd, style }: ScalarEvent): number | undefined {
  const isQuoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
  if (isQuoted) return valueStart - 1;
  return valueStart < 0 || valueEnd <= valueStart ? undefined : valueStart;
}
