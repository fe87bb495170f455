import type { WinnerFacts } from '../experiment/if-expression.ts';
import type { Version } from '../experiment/experiment.ts';
import { isShellSafe, shellSafeCharacters } from './shell.ts';
import type { Delimiters } from '../experiment/task-kinds.ts';

/** A value of a JSON document. */
export type Json = string | number | boolean | readonly Json[] | JsonRecord;
export interface JsonRecord {
  readonly [key: string]: Json;
}

/** What a template may use. */
export interface Scope {
  /** `{{ .promote }}` */
  readonly variables: Readonly<Record<string, string>>;
  /** `{{ .this.metadata.name }}`, and in iter8's later form `@< .Spec.Target >@`. */
  readonly document?: JsonRecord;
  /** `@< .WinnerFound >@`, `@< .CandidateWon >@` */
  readonly facts?: WinnerFacts;
  /** `{{ .secret.key }}` or `@< .Secret "key" >@`: whether the task names a secret; where it is absent there are none at all. */
  readonly secrets?: 'named' | 'unnamed';
  /** A shell reads the text: values that it would interpret are refused. */
  readonly isScript?: boolean;
}

/** Text, or a key of the task's secret, whose value is filled in where the text is used and never before. */
export type TemplatePart = string | { readonly secret: string };

/** A rendered text, or why its template is invalid. */
export type RenderedParts =
  | { readonly kind: 'ok'; readonly parts: readonly TemplatePart[] }
  | { readonly kind: 'invalid'; readonly problem: string };

/** What a template may use when `version` wins: its variables, and its own name. */
export function templateVariables(version: Version): Readonly<Record<string, string>> {
  return { name: version.name, ...version.variables };
}

/** Matches an action with Go's trim marks: a dash beside a delimiter removes the white space on the outer side of it. */
function actionPattern(open: string, close: string, body: string): RegExp {
  return new RegExp(`(?:${open})(?<left>-(?=\\s))?(?<body>${body})(?<right>(?<=\\s)-)?(?:${close})`, 'g');
}

const patterns: Readonly<Record<Delimiters, { readonly action: RegExp; readonly open: RegExp }>> = {
  go: { action: actionPattern('\\{\\{', '\\}\\}', '[^{}]*?'), open: /\{\{/ },
  iter8: { action: actionPattern('@<', '>@', '[^<>]*?'), open: /@</ },
  both: { action: actionPattern('\\{\\{|@<', '\\}\\}|>@', '[^{}<>]*?'), open: /\{\{|@</ },
};

/**
 * Replaces `{{ .key }}` by the variable's text, unescaped, and other references of the scope likewise; keys of a secret stay to be
 * filled in. Every other construct of Go's templates, and every unknown key, is invalid: the problem names it and its place,
 * counted in characters from 1.
 */
export function renderParts(text: string, scope: Scope, delimiters: Delimiters): RenderedParts {
  const { action, open } = patterns[delimiters];
  const parts: TemplatePart[] = [];
  let end = 0;
  for (const match of text.matchAll(action)) {
    const { left, body = '', right } = match.groups ?? {};
    const found = resolve(body.trim(), scope);
    if (found.kind === 'problem') return invalid(`${match[0]} at character ${match.index + 1} ${found.problem}`);
    const before = text.slice(end, match.index);
    parts.push(left === undefined ? before : before.trimEnd(), found.part);
    end = match.index + match[0].length;
    if (right !== undefined) end += (/^\s*/.exec(text.slice(end))?.[0] ?? '').length;
  }
  const rest = text.slice(end);
  const stray = open.exec(rest);
  if (stray !== null) return invalid(`${stray[0]} at character ${end + stray.index + 1} is never closed`);
  return { kind: 'ok', parts: joined([...parts, rest]) };
}

/** The text of the parts; keys of a secret, which only some texts can have, are shown as `<key>`. */
export function showParts(parts: readonly TemplatePart[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : `<${part.secret}>`)).join('');
}

function invalid(problem: string): { readonly kind: 'invalid'; readonly problem: string } {
  return { kind: 'invalid', problem };
}

function joined(parts: readonly TemplatePart[]): readonly TemplatePart[] {
  const whole: TemplatePart[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    if (typeof part === 'string' && typeof last === 'string') whole[whole.length - 1] = last + part;
    else if (part !== '') whole.push(part);
  }
  return whole;
}

type Found =
  { readonly kind: 'found'; readonly part: TemplatePart } | { readonly kind: 'problem'; readonly problem: string };

/** The forms of a reference, in the order in which they are tried; the first that matches decides. */
const references: readonly (readonly [RegExp, (match: RegExpExecArray, scope: Scope) => Found])[] = [
  [/^\.(WinnerFound|CandidateWon)$/, ([, name], { facts }) => resolveFact(name, facts)],
  [/^\.secret\.([\w.-]+)$/, ([, key = ''], scope) => resolveSecret(key, scope)],
  [/^\.?Secret "([\w.-]+)"$/, ([, key = ''], scope) => resolveSecret(key, scope)],
  [/^\.this((?:\.\w+)+)$/, ([, path = ''], { document }) => resolvePath(path.slice(1).split('.'), document)],
  [/^((?:\.[A-Z]\w*)+)$/, ([, path = ''], scope) => resolveField(path, scope)],
  [/^\.([A-Za-z_]\w*)$/, ([, key = ''], { variables }) => resolveVariable(key, variables)],
];

function resolve(reference: string, scope: Scope): Found {
  for (const [pattern, find] of references) {
    const match = pattern.exec(reference);
    if (match !== null) return unlessInterpreted(find(match, scope), scope);
  }
  return problemFound('is not a variable like {{ .name }}');
}

function unlessInterpreted(found: Found, { isScript = false }: Scope): Found {
  if (!isScript || found.kind === 'problem' || typeof found.part !== 'string' || isShellSafe(found.part)) return found;
  return problemFound(`is ${JSON.stringify(found.part)}, but a shell takes only ${shellSafeCharacters} as they are`);
}

function resolveVariable(key: string, variables: Readonly<Record<string, string>>): Found {
  const value = Object.hasOwn(variables, key) ? variables[key] : undefined;
  return value === undefined ? problemFound(`is not among ${listKeys(variables)}`) : { kind: 'found', part: value };
}

function resolveFact(name: string | undefined, facts: WinnerFacts | undefined): Found {
  if (facts === undefined) return problemFound('cannot be used here');
  return { kind: 'found', part: String(name === 'WinnerFound' ? facts.winnerFound : facts.candidateWon) };
}

function resolveSecret(secret: string, { secrets }: Scope): Found {
  if (secrets === 'named') return { kind: 'found', part: { secret } };
  return problemFound(secrets === undefined ? 'cannot be used here' : 'needs a `secret` to take it from');
}

/** `.promote` in capitals is a variable where there is one; else a field of iter8's Experiment, as Go spells it. */
function resolveField(path: string, { variables, document }: Scope): Found {
  const [first = '', ...rest] = path.slice(1).split('.');
  if (rest.length === 0 && (document === undefined || Object.hasOwn(variables, first))) {
    return resolveVariable(first, variables);
  }
  const names = [first, ...rest].map((name) => name.charAt(0).toLowerCase() + name.slice(1));
  const isMetadata = names[0] === 'name' || names[0] === 'namespace';
  return resolvePath(isMetadata ? ['metadata', ...names] : names, document);
}

function resolvePath(path: readonly string[], document: JsonRecord | undefined): Found {
  if (document === undefined) return problemFound('cannot be used here');
  let value: Json | undefined = document;
  for (const [index, name] of path.entries()) {
    const fields: JsonRecord = isObject(value) ? value : {};
    if (!Object.hasOwn(fields, name)) {
      const place = index === 0 ? 'the experiment' : path.slice(0, index).join('.');
      return problemFound(`is not there: ${place} has ${Object.keys(fields).join(', ') || 'no fields'}`);
    }
    value = fields[name];
  }
  return typeof value === 'object'
    ? problemFound('is not a text, a number or a boolean')
    : { kind: 'found', part: String(value) };
}

function isObject(value: Json | undefined): value is JsonRecord {
  return typeof value === 'object' && !Array.isArray(value);
}

function problemFound(text: string): Found {
  return { kind: 'problem', problem: text };
}

function listKeys(variables: Readonly<Record<string, string>>): string {
  return Object.keys(variables)
    .map((key) => `.${key}`)
    .join(', ');
}
