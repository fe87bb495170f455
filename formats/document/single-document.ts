import type { z } from 'zod';
import { listFirst } from '../../core/text/limits.ts';
import { readDocuments } from './document.ts';
import { formatPath } from './issue.ts';
import { withoutNulls } from './without-nulls.ts';
import { translateIssues } from './zod-issues.ts';

export type SingleReading<T> =
  | { readonly kind: 'read'; readonly value: T }
  /** Each `line 2: path: expected …`. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

export interface SingleOptions {
  /** The most characters that the text may have. */
  readonly characters: number;
  /** Whether problems say what was found: not where it may be secret. */
  readonly showsValues: boolean;
}

/** Reads a text that is one document by itself, in YAML or JSON, such as the value of a key of a ConfigMap or Secret. */
export function readSingleDocument<T>(
  text: string,
  schema: z.ZodType<T>,
  { characters, showsValues }: SingleOptions,
): SingleReading<T> {
  if (text.length > characters) return { kind: 'invalid', problems: [`expected at most ${characters} characters`] };
  const reading = readDocuments(text, '');
  if (reading.kind === 'invalid') return { kind: 'invalid', problems: reading.issues.map(formatProblem) };
  const [document, ...others] = reading.documents;
  if (document === undefined || others.length > 0) return { kind: 'invalid', problems: ['expected one document'] };
  const value = withoutNulls(document.value);
  const result = schema.safeParse(value);
  if (result.success) return { kind: 'read', value: result.data };
  const problems = translateIssues(result.error, value).map(({ path, expected, got }) => {
    const { line } = document.findPosition(path) ?? {};
    const words = showsValues ? `${expected}, got ${got}` : expected;
    return `${formatLine(line)}${formatPath(path)}: expected ${words}`;
  });
  return { kind: 'invalid', problems: listFirst(problems) };
}

function formatProblem({ line, expected }: { readonly line?: number; readonly expected: string }): string {
  return `${formatLine(line)}expected ${expected}`;
}

function formatLine(line: number | undefined): string {
  return line === undefined ? '' : `line ${line}: `;
}
