import { z } from 'zod';
import type { MetricDefinition, MetricProviderName, MetricSource } from '../../core/experiment/metric-definition.ts';
import { substitute } from '../../core/measurements/placeholders.ts';
import {
  isRevisionName,
  mappingField,
  namespaceName,
  objectName,
  parsed,
  refuse,
  textField,
} from '../document/fields.ts';
import { parseQuantity } from '../document/quantity.ts';
import { serverFields } from '../document/server-fields.ts';
import { defined } from '../../core/text/defined.ts';

/** A reference as a manifest writes it: without a namespace it is in that of the metric. */
export interface Reference {
  readonly namespace?: string;
  readonly name: string;
}

/** A metric as its manifest has it, before its namespace is known. */
export interface MetricDraft extends Omit<MetricDefinition, 'namespace' | 'sampleSize' | 'source'> {
  readonly namespace?: string;
  readonly sampleSize?: Reference;
  readonly source: SourceDraft;
}

/** A source as its manifest has it: its secret may be without a namespace. */
export type SourceDraft = {
  [K in MetricProviderName]: 'secret' extends keyof MetricSource<K>
    ? Omit<MetricSource<K>, 'secret'> & { readonly secret?: Reference }
    : MetricSource<K>;
}[MetricProviderName];

export const metadataField = mappingField(
  {
    name: objectName,
    namespace: namespaceName.optional(),
    labels: z.unknown().optional(),
    annotations: z.unknown().optional(),
    ...serverFields,
  },
  Object.keys(serverFields),
);

export const referenceField = parsed('name or namespace/name', (value): Reference | undefined => {
  if (typeof value !== 'string') return undefined;
  const [first = '', second, ...rest] = value.split('/');
  if (first === '' || second === '' || rest.length > 0) return undefined;
  if (second === undefined) return { name: first };
  return isRevisionName(first) ? { namespace: first, name: second } : undefined;
});

export const levelField = parsed('a quantity such as 20, "0.01" or 10m', parseQuantity);

/** A template of a URL may begin with a placeholder. */
export const httpUrlField = parsed('a URL such as https://metrics.example.com/api', (value) =>
  typeof value === 'string' && /^(https?:\/\/[^/\s]|\$)/.test(value) ? value : undefined,
);

/** Refuses placeholders in a URL without a secret: nothing else replaces them, so they would be sent as they are. */
export function refusePlaceholders(url: string | undefined, context: z.RefinementCtx, field: string): void {
  const names = substitute(url ?? '', {}).unknown.map((name) => `$${name}`);
  if (names.length === 0) return;
  const expected = 'no placeholder, which only a secret would fill in ($$ is a dollar)';
  refuse(context, [field], { expected, got: names.join(', ') });
}

/** The fields that describe a metric to people, in every form. */
export const described = { description: textField.optional(), units: textField.optional() };

interface CommonSpec {
  readonly description?: string | undefined;
  readonly units?: string | undefined;
  readonly sampleSize?: Reference | undefined;
}

/** The parts that all forms have in common, without absent ones. */
export function commonDraft(
  { name, namespace }: z.output<typeof metadataField>,
  { description, units, sampleSize }: CommonSpec,
): Pick<MetricDraft, 'name' | 'namespace' | 'description' | 'units' | 'sampleSize'> {
  return {
    name,
    ...defined({ namespace, description, units, sampleSize }),
  };
}
