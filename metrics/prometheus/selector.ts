/** A condition on a label: equal to a text, to one of several, or to none of several. */
export type Matcher = readonly [label: string, value: string | readonly string[] | { readonly not: readonly string[] }];

/**
 * A PromQL range selector: `{__name__="up",namespace_name="default"}[12000ms]`. All values are taken literally; several
 * values become an anchored alternation.
 */
export function rangeSelector(matchers: readonly Matcher[], rangeMs: number): string {
  return `{${matchers.map(formatMatcher).join(',')}}[${Math.ceil(rangeMs)}ms]`;
}

function formatMatcher([label, value]: Matcher): string {
  if (typeof value === 'string') return `${label}=${quote(value)}`;
  if ('not' in value) return `${label}!~${alternation(value.not)}`;
  return `${label}=~${alternation(value)}`;
}

function alternation(values: readonly string[]): string {
  return quote(values.map(escapeRegex).join('|'));
}

/** PromQL's double-quoted strings have Go's escapes, of which JSON's are a subset. */
function quote(text: string): string {
  return JSON.stringify(text);
}

/** RE2's special characters; Prometheus anchors the whole expression. */
function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
