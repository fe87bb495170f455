import { headerProblem } from '../../core/text/http-headers.ts';

/**
 * Reads HTTP headers, from a mapping or from `Name: value`, separated by commas or line breaks; undefined where they are none. A value
 * with a comma is for a mapping.
 */
export function parseHeaders(value: unknown): Readonly<Record<string, string>> | undefined {
  const entries = typeof value === 'string' ? splitHeaders(value) : mappingEntries(value);
  const names = new Set(entries.map(([name]) => name.toLowerCase()));
  const areRight = entries.length > 0 && names.size === entries.length && entries.every(isHeader);
  return areRight ? Object.fromEntries(entries.map(([name, text]) => [name, String(text).trim()])) : undefined;
}

/** Label matchers as PromQL writes them, without white space between them; undefined where they are none. */
export function parseMatchers(text: string): string | undefined {
  const found = [...text.matchAll(matcher)].map(([whole, label, operator, value]) => ({
    whole,
    label,
    operator,
    value,
  }));
  if (found.map(({ whole }) => whole).join('') !== text.trim() || found.at(-1)?.whole.trimEnd().endsWith(','))
    return undefined;
  if (found.length === 0 || found.some(({ label }) => reservedLabels.has(label ?? ''))) return undefined;
  return found.map(({ label, operator, value }) => `${label}${operator}${value}`).join(',');
}

/** One matcher with the comma behind it. */
const matcher = /\s*([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\\n]|\\.)*")\s*(?:,|$)/gy;

/** Labels that serin's own selectors have. */
const reservedLabels: ReadonlySet<string> = new Set(['__name__', 'le']);

function splitHeaders(text: string): readonly (readonly [string, unknown])[] {
  return text
    .split(/[,\n]/)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [name = '', ...rest] = part.split(':');
      return [name.trim(), rest.join(':')];
    });
}

function mappingEntries(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function isHeader([name, value]: readonly [string, unknown]): boolean {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  return headerProblem(name) === undefined && /^[\x20-\x7e]+$/.test(text);
}
