/** A condition on a label: equal to a text, to one of several, or to none of several. */
export type Matcher = readonly [label: string, value: string | readonly string[] | { readonly not: readonly string[] }];

/**
 * A PromQL range selector of one name: `up{namespace_name="default"}[12000ms]`. All values are taken literally; several values become
 * an anchored alternation, which the name never is: some stores refuse that. `also` are further matchers in PromQL, such as
 * those of the worker's settings.
 */
export function rangeSelector(name: string, matchers: readonly Matcher[], rangeMs: number, also = ''): string {
  return `${instantSelector(name, matchers, also)}[${Math.ceil(rangeMs)}ms]`;
}

/** A PromQL instant selector of one name, as above without the range. */
export function instantSelector(name: string, matchers: readonly Matcher[], also = ''): string {
  const all = [...matchers.map(formatMatcher), ...(also === '' ? [] : [also])];
  return nameSelector(name, all.join(','));
}

/** A PromQL selector of a name, with matchers in PromQL: `up{cluster="prod"}`. */
export function nameSelector(name: string, matchers: string): string {
  if (isPlain(name)) return matchers === '' ? name : `${name}{${matchers}}`;
  const named = `__name__=${quote(name)}`;
  return `{${matchers === '' ? named : `${named},${matchers}`}}`;
}

/** Whether a name needs no quotes: names of OpenTelemetry have dots where the store keeps them. */
function isPlain(name: string): boolean {
  return /^[A-Za-z_:][\w:]*$/.test(name);
}

/** The name of a label, in quotes where it has dots. */
export function formatLabel(name: string): string {
  return isPlain(name) ? name : quote(name);
}

function formatMatcher([name, value]: Matcher): string {
  const label = formatLabel(name);
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
