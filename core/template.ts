import type { Version } from './experiment.ts';

export type Rendered =
  { readonly kind: 'ok'; readonly text: string } | { readonly kind: 'invalid'; readonly problem: string };

/** What a template may use when `version` wins: its variables, and its own name. */
export function templateVariables(version: Version): Readonly<Record<string, string>> {
  return { name: version.name, ...version.variables };
}

/** One `{{ … }}`, with Go's trim marks: a dash beside a brace eats the white space on its other side. */
const action = /\{\{(?<trimLeft>-(?=\s))?(?<body>[^{}]*?)(?<trimRight>(?<=\s)-)?\}\}/g;
const reference = /^\.(?<key>[A-Za-z_]\w*)$/;

/**
 * Replaces `{{ .key }}` by the variable's text, unescaped. Every other construct of Go's templates, and every unknown key, is
 * invalid: the problem names it and its place, counted in characters from 1.
 */
export function renderTemplate(text: string, variables: Readonly<Record<string, string>>): Rendered {
  let output = '';
  let end = 0;
  for (const match of text.matchAll(action)) {
    const { trimLeft, body = '', trimRight } = match.groups ?? {};
    const key = reference.exec(body.trim())?.groups?.['key'];
    const place = `at character ${match.index + 1}`;
    if (key === undefined) return invalid(`${match[0]} ${place} is not a variable like {{ .name }}`);
    if (!Object.hasOwn(variables, key)) return invalid(`${match[0]} ${place} is not among ${listKeys(variables)}`);
    const before = text.slice(end, match.index);
    output += (trimLeft === undefined ? before : before.trimEnd()) + variables[key];
    end = match.index + match[0].length;
    if (trimRight !== undefined) end += (/^\s*/.exec(text.slice(end))?.[0] ?? '').length;
  }
  const rest = text.slice(end);
  const stray = rest.indexOf('{{');
  if (stray >= 0) return invalid(`{{ at character ${end + stray + 1} is never closed`);
  return { kind: 'ok', text: output + rest };
}

function invalid(problem: string): Rendered {
  return { kind: 'invalid', problem };
}

function listKeys(variables: Readonly<Record<string, string>>): string {
  return Object.keys(variables)
    .map((key) => `.${key}`)
    .join(', ');
}
