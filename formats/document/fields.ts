import { z } from 'zod';
import { builtInMetric, builtInMetrics } from '../../core/experiment/metric.ts';
import { showValue } from './issue.ts';
import { defined } from '../../core/text/defined.ts';

/** The words of an issue that needs nothing more but its place. */
export interface IssueParams {
  readonly expected: string;
  readonly got: string;
}

/** The JSON Schema of a value, for editors; its description is what is expected. */
export type Shape = Readonly<Record<string, unknown>>;

/** A schema whose only message is what was expected: `parse` returns undefined for any other value. */
export function parsed<T>(expected: string, parse: (value: unknown) => T | undefined, shape: Shape = {}): z.ZodType<T> {
  const schema = z.unknown().transform((value, context): T => {
    const result = parse(value);
    if (result !== undefined) return result;
    refuse(context, [], { expected, got: showValue(value) });
    return z.NEVER;
  });
  return schema.meta({ description: expected, ...shape });
}

/** Adds an issue at a path below the current one. */
export function refuse(context: z.RefinementCtx, path: (string | number)[], params: IssueParams): void {
  context.addIssue({ code: 'custom', path, message: params.expected, params: { ...params } });
}

/**
 * A mapping with these fields and no others: an unknown one is refused with the list of those that are known, without the
 * `unlisted` ones, which are not written by hand.
 */
export function mappingField<Fields extends z.core.$ZodLooseShape>(
  shape: Fields,
  unlisted: readonly string[] = [],
): z.ZodObject<Fields, z.core.$strict> {
  const listed = Object.keys(shape).filter((key) => !unlisted.includes(key));
  const known = `one of ${listed.join(', ')}`;
  const error = ({ code }: { readonly code: string }): string | undefined =>
    code === 'unrecognized_keys' ? known : undefined;
  return z.strictObject(shape, { error });
}

export const textField = parsed('text', (value) => (typeof value === 'string' && value !== '' ? value : undefined), {
  type: 'string',
  minLength: 1,
});

/** A scalar as text: a number or a boolean becomes the text that it is written as. */
export const scalarField = parsed(
  'text, a number or a boolean',
  (value) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined,
  { type: ['string', 'number', 'boolean'] },
);

export const flagField = parsed('true or false', (value) => (typeof value === 'boolean' ? value : undefined), {
  type: 'boolean',
});

/** An integer of at least `min` and at most `max`. */
export function integerField({ min, max }: { min: number; max?: number }): z.ZodType<number> {
  const range = max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
  const fits = (value: number): boolean => value >= min && value <= (max ?? Number.MAX_SAFE_INTEGER);
  return parsed(
    `an integer ${range}`,
    (value) => (typeof value === 'number' && Number.isSafeInteger(value) && fits(value) ? value : undefined),
    { type: 'integer', minimum: min, ...defined({ maximum: max }) },
  );
}

/** One of a few words. `refused` are words that iter8 knew and serin does not: they are named as such. */
export function choiceField<T extends string>(words: readonly T[], refused: readonly string[] = []): z.ZodType<T> {
  const schema = z.unknown().transform((value, context): T => {
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    const known = typeof value === 'string' && refused.includes(value);
    const got = known ? `${showValue(value)}, which iter8 knew and serin does not support` : showValue(value);
    refuse(context, [], { expected: words.join(' or '), got });
    return z.NEVER;
  });
  return schema.meta({ enum: [...words] });
}

/** The names of namespaces, Knative Services and revisions: DNS labels (RFC 1123). */
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

export const objectName = parsed(
  'a Kubernetes object name',
  (value) => (typeof value === 'string' && subdomain.test(value) ? value : undefined),
  { type: 'string', pattern: subdomain.source },
);

export const namespaceName = parsed(
  'a Kubernetes namespace',
  (value) => (typeof value === 'string' && label.test(value) ? value : undefined),
  { type: 'string', pattern: label.source },
);

export const revisionName = parsed(
  'the name of a revision',
  (value) => (typeof value === 'string' && label.test(value) ? value : undefined),
  { type: 'string', pattern: label.source },
);

/** A built-in metric by any of its names, or a reference to one that a user has defined. */
export const metricName = parsed(
  `one of ${builtInMetrics.join(', ')}, or namespace/name of a Metric`,
  (value) => {
    if (typeof value !== 'string') return undefined;
    return builtInMetric(value) ?? (isMetricReference(value) ? value : undefined);
  },
  { type: 'string', examples: [...builtInMetrics] },
);

/** Whether the text can be the name of a revision. */
export function isRevisionName(text: string): boolean {
  return label.test(text);
}

/** Whether the text is `name` or `namespace/name`. */
function isMetricReference(text: string): boolean {
  const parts = text.split('/');
  return parts.length <= 2 && parts.every((part) => subdomain.test(part));
}

/** `namespace/name` of a Knative Service; a bare name is in the experiment's namespace. */
export const targetName = parsed(
  'namespace/name of a Knative Service',
  (value) => {
    if (typeof value !== 'string') return undefined;
    const parts = value.split('/');
    if (parts.length > 2 || !parts.every((part) => label.test(part))) return undefined;
    const [first = '', second] = parts;
    return second === undefined ? { name: first } : { namespace: first, name: second };
  },
  { type: 'string' },
);
