import type { z } from 'zod';
import type { IssueParams } from './fields.ts';
import { showValue } from './issue.ts';
import { refusedKeys } from './refused-keys.ts';

/** One mistake in a value, relative to it. */
export interface ValueIssue extends IssueParams {
  readonly path: (string | number)[];
  /** Whether the mistake is the key itself, so that the issue is placed at the key. */
  readonly atKey: boolean;
}

/** Zod's issues in serin's words; a list of unknown keys becomes one issue for each. */
export function translateIssues(error: z.ZodError, value: unknown): ValueIssue[] {
  return error.issues.flatMap((issue) => translateIssue(issue, value));
}

function translateIssue(issue: z.core.$ZodIssue, value: unknown): ValueIssue[] {
  // Paths of JSON and YAML documents have no symbols.
  const path = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const expected = refusedKeys.get(fieldPath([...path, key])) ?? issue.message;
      return { path: [...path, key], atKey: true, expected, got: JSON.stringify(key) };
    });
  }
  const params = issue.code === 'custom' ? issue.params : undefined;
  if (typeof params?.['expected'] === 'string' && typeof params['got'] === 'string') {
    return [{ path, atKey: false, expected: params['expected'], got: params['got'] }];
  }
  return [{ path, atKey: false, expected: expectedText(issue), got: showValue(valueAt(value, path)) }];
}

/** The path without indexes: `spec.criteria.objectives.metric`. */
function fieldPath(path: readonly (string | number)[]): string {
  return path.filter((step) => typeof step === 'string').join('.');
}

function expectedText(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return issue.message;
  const words: Readonly<Record<string, string>> = { object: 'a mapping', record: 'a mapping', array: 'a list' };
  return words[issue.expected] ?? issue.expected;
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    return Object.hasOwn(inner, step) ? (inner as Record<string | number, unknown>)[step] : undefined;
  }, value);
}
