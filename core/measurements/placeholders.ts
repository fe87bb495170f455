import type { Version } from '../experiment/experiment.ts';

/** A text with its placeholders filled in, and the names of the unknown ones, which are left as they were. */
export interface Substituted {
  readonly text: string;
  readonly unknown: readonly string[];
}

/** `$$`, `$name` or `${name}`; names are ASCII letters, digits and `_`. */
const placeholder = /\$(?:(?<escaped>\$)|(?<named>[A-Za-z_]\w*)|\{(?<braced>[A-Za-z_]\w*)\})/g;

/**
 * Fills in `$name` and `${name}`; `$$` is a dollar, and a dollar before anything else is itself: Python's
 * `string.Template`, which iter8's templates are written for
 * (https://docs.python.org/3/library/string.html#template-strings).
 */
export function substitute(template: string, variables: Readonly<Record<string, string>>): Substituted {
  const unknown: string[] = [];
  const text = template.replaceAll(placeholder, (whole, escaped?: string, named?: string, braced?: string) => {
    const name = named ?? braced;
    if (escaped !== undefined || name === undefined) return '$';
    if (Object.hasOwn(variables, name)) return variables[name] ?? '';
    unknown.push(name);
    return whole;
  });
  return { text, unknown: [...new Set(unknown)] };
}

/** The names of all placeholders of the template, each once. */
export function placeholderNames(template: string): readonly string[] {
  return substitute(template, {}).unknown;
}

/** The characters that a value in a query may have. */
export const plainCharacters = 'letters, digits, spaces and _ . : / @ + -';

/** Whether a value stays a value wherever it stands in a query, a JSON body or a GraphQL text: it can end none of them. */
export function isPlainValue(value: string): boolean {
  return /^[\p{L}\p{N} _.:/@+-]*$/u.test(value);
}

/** The elapsed time in whole seconds, at least 1, so that no window is empty. */
export function elapsedSeconds(elapsedMs: number): number {
  return Math.max(1, Math.floor(elapsedMs / 1000));
}

/**
 * What a metric's query may use of a version: its name, its variables, and the time since the experiment's start as
 * `elapsedTime`, in seconds, and as `interval`, with their unit: `285` and `285s`.
 */
export function metricVariables(
  { name, variables }: Pick<Version, 'name' | 'variables'>,
  elapsedMs: number,
): Readonly<Record<string, string>> {
  const seconds = String(elapsedSeconds(elapsedMs));
  return { name, ...variables, elapsedTime: seconds, interval: `${seconds}s` };
}
