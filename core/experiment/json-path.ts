import { readField } from '../text/json.ts';

/** A path into an object as kubectl writes it, `{.status.conditions[?(@.type=="Ready")].status}`, parsed. */
export type JsonPath = readonly Step[];

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  /** The first element whose field is equal to the value. */
  | { readonly kind: 'filter'; readonly field: string; readonly value: string };

const steps: readonly (readonly [RegExp, (match: RegExpExecArray) => Step])[] = [
  [/^\.((?:[\w/-]|\\.)+)/, ([, name = '']) => ({ kind: 'field', name: name.replaceAll(/\\(.)/g, '$1') })],
  [/^\[['"]([^'"\]]+)['"]\]/, ([, name = '']) => ({ kind: 'field', name })],
  [/^\[(\d{1,6})\]/, ([, index]) => ({ kind: 'index', index: Number(index) })],
  [
    /^\[\?\(@\.([\w-]+)\s*==\s*['"]([^'"]*)['"]\)\]/,
    ([, field = '', value = '']) => ({ kind: 'filter', field, value }),
  ],
];

/** Parses a path of fields, indexes and equality filters; undefined for everything else that kubectl accepts. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const bare = text.replace(/^\{(.*)\}$/s, '$1').replace(/^(?=[^.[])/, '.');
  const path: Step[] = [];
  let rest = bare;
  while (rest !== '') {
    const found = steps.map(([pattern, make]) => ({ match: pattern.exec(rest), make })).find(({ match }) => match);
    if (found?.match === undefined || found.match === null) return undefined;
    path.push(found.make(found.match));
    rest = rest.slice(found.match[0].length);
  }
  return path.length === 0 ? undefined : path;
}

/** The value at the path; undefined where there is none. */
export function valueAt(path: JsonPath, root: unknown): unknown {
  return path.reduce<unknown>((value, step) => take(step, value), root);
}

function take(step: Step, value: unknown): unknown {
  switch (step.kind) {
    case 'field':
      return readField(value, step.name);
    case 'index':
      return Array.isArray(value) ? value[step.index] : undefined;
    case 'filter':
      return Array.isArray(value)
        ? value.find((element) => String(readField(element, step.field)) === step.value)
        : undefined;
  }
}
