import { parseJsonPath, valueAt } from './json-path.ts';
import type { JsonPath } from './json-path.ts';
import { defined } from '../text/defined.ts';

/** What must hold of an object, in the forms of `kubectl wait --for`. */
export type WaitFor =
  | { readonly kind: 'exists' }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'condition'; readonly type: string; readonly status: string }
  /** Without a value: the path exists. */
  | { readonly kind: 'value'; readonly text: string; readonly path: JsonPath; readonly value?: string };

/** The forms that `parseWaitFor` reads, for messages. */
export const waitForForms = 'delete, create, condition=TYPE, condition=TYPE=STATUS or jsonpath={.path}=VALUE';

/** Parses the value of `kubectl wait --for`; undefined for anything else. */
export function parseWaitFor(text: string): WaitFor | undefined {
  if (text === 'create') return { kind: 'exists' };
  if (text === 'delete') return { kind: 'deleted' };
  const [, form, rest = ''] = /^(condition|jsonpath)=(.+)$/s.exec(text) ?? [];
  if (form === 'condition') return parseCondition(rest);
  return form === 'jsonpath' ? parseValue(rest) : undefined;
}

/** Says why the object is not as wanted yet; undefined when it is. An object that does not exist is given as undefined. */
export function unmetWait(waitFor: WaitFor, object: unknown): string | undefined {
  if (waitFor.kind === 'deleted') return object === undefined ? undefined : 'still exists';
  if (object === undefined) return 'does not exist';
  switch (waitFor.kind) {
    case 'exists':
      return undefined;
    case 'condition':
      return unmetCondition(waitFor, object);
    case 'value':
      return unmetValue(waitFor, object);
  }
}

function parseCondition(text: string): WaitFor | undefined {
  const [type = '', status = 'True', ...rest] = text.split('=');
  return type === '' || status === '' || rest.length > 0 ? undefined : { kind: 'condition', type, status };
}

/** Parses `{.status.phase}=Running`, also with the quotes that a shell would have removed. */
function parseValue(text: string): WaitFor | undefined {
  const [, quoted, braced, bare, value] =
    /^(?:'(\{[^']*\})'|(\{.*\})|([^={}[\]]+))(?:=(.+))?$/s.exec(text.replace(/^"(.*)"$/s, '$1')) ?? [];
  const written = quoted ?? braced ?? bare;
  const path = written === undefined ? undefined : parseJsonPath(written);
  if (written === undefined || path === undefined) return undefined;
  return { kind: 'value', text: written, path, ...defined({ value }) };
}

const conditions: JsonPath = [
  { kind: 'field', name: 'status' },
  { kind: 'field', name: 'conditions' },
];

function unmetCondition(
  { type, status }: Extract<WaitFor, { kind: 'condition' }>,
  object: unknown,
): string | undefined {
  if (isBehind(object)) return `${type} is not known yet: its latest change has not been looked at`;
  const found = valueAt(conditions, object);
  const condition: unknown = Array.isArray(found)
    ? found.find((candidate) => isSame(asText(valueAt([{ kind: 'field', name: 'type' }], candidate)), type))
    : undefined;
  const present = asText(valueAt([{ kind: 'field', name: 'status' }], condition));
  if (isSame(present, status)) return undefined;
  const message = asText(valueAt([{ kind: 'field', name: 'message' }], condition));
  return `${type} is ${present || 'absent'}, not ${status}${message === '' ? '' : `: ${message}`}`;
}

/** Whether the status is older than the object, and so says nothing about it. */
function isBehind(object: unknown): boolean {
  const generation = valueAt(
    [
      { kind: 'field', name: 'metadata' },
      { kind: 'field', name: 'generation' },
    ],
    object,
  );
  const observed = valueAt(
    [
      { kind: 'field', name: 'status' },
      { kind: 'field', name: 'observedGeneration' },
    ],
    object,
  );
  return typeof generation === 'number' && typeof observed === 'number' && observed < generation;
}

function unmetValue(
  { text: written, path, value }: Extract<WaitFor, { kind: 'value' }>,
  object: unknown,
): string | undefined {
  const present = valueAt(path, object);
  if (present === undefined) return `${written} is absent`;
  if (value === undefined || asText(present) === value) return undefined;
  // What a Secret has is nobody's to read in a report.
  return isSecret(object) ? `${written} is not ${value}` : `${written} is ${asText(present)}, not ${value}`;
}

function isSecret(object: unknown): boolean {
  return valueAt([{ kind: 'field', name: 'kind' }], object) === 'Secret';
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
