import { countBytes } from '../../../core/text/encoding.ts';
import { lastAppliedAnnotation } from '../../../core/traffic/target.ts';
import { limits } from '../../../core/text/limits.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** Refuses lists and mappings with more entries than any manifest needs, before anything is read from them. */
export function checkSizes(value: unknown): readonly ValueIssue[] {
  const expanded = expandedEntries(value, new Map());
  if (expanded > limits.expandedEntries) {
    const expected = `aliases that stand for at most ${limits.expandedEntries} entries in all`;
    return [{ path: [], atKey: false, expected, got: expanded === Infinity ? 'more' : String(expanded) }];
  }
  return checkEntries(value, [], new Set());
}

/** The number of values with every alias written out; one that contains itself, which is refused elsewhere, counts as one. */
function expandedEntries(value: unknown, known: Map<object, number>): number {
  if (typeof value !== 'object' || value === null) return 1;
  const before = known.get(value);
  if (before !== undefined) return before;
  known.set(value, 1);
  const entries = Object.values(value).reduce<number>((sum, inner) => sum + expandedEntries(inner, known), 1);
  known.set(value, entries);
  return entries;
}

/** @param seen what aliases may lead to once more */
function checkEntries(value: unknown, path: readonly (string | number)[], seen: Set<object>): readonly ValueIssue[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  const entries = Array.isArray(value) ? value.map((inner, index) => [index, inner] as const) : Object.entries(value);
  if (entries.length > limits.manifestEntries) {
    const expected = `at most ${limits.manifestEntries} entries`;
    return [{ path: [...path], atKey: false, expected, got: String(entries.length) }];
  }
  return entries.flatMap(([key, inner]) => checkEntries(inner, [...path, key], seen));
}

/** Why a manifest of so many bytes is not read; undefined when it is. */
export function sizeProblem(bytes: number): { readonly expected: string; readonly got: string } | undefined {
  if (bytes <= limits.manifestBytes) return undefined;
  return {
    expected: `a manifest of at most ${limits.manifestBytes / 1024} KiB`,
    got: `${Math.ceil(bytes / 1024)} KiB`,
  };
}

/** The bytes of an object as JSON, without what servers and kubectl add to it. */
export function writtenBytes(value: unknown): number {
  const json = JSON.stringify(value, (key, inner: unknown) => (added.has(key) ? undefined : inner));
  return json === undefined ? 0 : countBytes(json);
}

const added: ReadonlySet<string> = new Set(['managedFields', lastAppliedAnnotation]);
