import { z } from 'zod';
import { showValue } from './issue.ts';

/** Marks issues whose words are complete, so that nothing but the place has to be added. */
export interface IssueParams {
  readonly expected: string;
  readonly got: string;
}

/** A schema whose only message is what was expected: `parse` returns undefined for anything else. */
export function parsed<T>(expected: string, parse: (value: unknown) => T | undefined): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    const result = parse(value);
    if (result !== undefined) return result;
    refuse(context, [], { expected, got: showValue(value) });
    return z.NEVER;
  });
}

/** Adds an issue at a place below the present one. */
export function refuse(context: z.RefinementCtx, path: (string | number)[], params: IssueParams): void {
  context.addIssue({ code: 'custom', path, message: params.expected, params: { ...params } });
}

/**
 * A mapping with these fields and no others: an unknown one is refused with the list of those that are known, without
 * the `unlisted` ones, which nobody writes by hand.
 */
export function mapping<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  unlisted: readonly string[] = [],
): z.ZodObject<Shape, z.core.$strict> {
  const listed = Object.keys(shape).filter((key) => !unlisted.includes(key));
  const known = `one of ${listed.join(', ')}`;
  const error = ({ code }: { readonly code: string }): string | undefined =>
    code === 'unrecognized_keys' ? known : undefined;
  return z.strictObject(shape, { error });
}

export const text = parsed('text', (value) => (typeof value === 'string' && value !== '' ? value : undefined));

/** Text, or a scalar that is written as text would be. */
export const scalar = parsed('text, a number or a boolean', (value) =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined,
);

export const flag = parsed('true or false', (value) => (typeof value === 'boolean' ? value : undefined));

export function integer({ min, max }: { min: number; max?: number }): z.ZodType<number> {
  const range = max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
  const fits = (value: number): boolean => value >= min && value <= (max ?? Number.MAX_SAFE_INTEGER);
  return parsed(`an integer ${range}`, (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && fits(value) ? value : undefined,
  );
}

/** One of a few words. `refused` are words that iter8 knew and serin does not: they are named as such. */
export function oneOf<T extends string>(words: readonly T[], refused: readonly string[] = []): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    const known = typeof value === 'string' && refused.includes(value);
    const got = known ? `${showValue(value)}, which iter8 knew and serin does not support` : showValue(value);
    refuse(context, [], { expected: words.join(' or '), got });
    return z.NEVER;
  });
}

/** Of namespaces, Knative Services and revisions: a DNS label. */
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

export const objectName = parsed('a Kubernetes object name', (value) =>
  typeof value === 'string' && subdomain.test(value) ? value : undefined,
);

export const namespaceName = parsed('a Kubernetes namespace', (value) =>
  typeof value === 'string' && label.test(value) ? value : undefined,
);

export function isRevisionName(text: string): boolean {
  return label.test(text);
}

/** `name` or `namespace/name`. */
export function isMetricReference(text: string): boolean {
  const parts = text.split('/');
  return parts.length <= 2 && parts.every((part) => subdomain.test(part));
}

/** `namespace/name` of a Knative Service; a bare name is in the experiment's namespace. */
export const targetName = parsed('namespace/name of a Knative Service', (value) => {
  if (typeof value !== 'string') return undefined;
  const parts = value.split('/');
  if (parts.length > 2 || !parts.every((part) => label.test(part))) return undefined;
  const [first = '', second] = parts;
  return second === undefined ? { name: first } : { namespace: first, name: second };
});
