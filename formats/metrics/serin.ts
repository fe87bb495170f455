import { z } from 'zod';
import type { MetricAuthType, MetricProviderName, NamedTemplate } from '../../core/experiment/metric-definition.ts';
import { mappingField, objectName, choiceField, refuse, textField } from '../document/fields.ts';
import {
  commonDraft,
  described,
  httpUrlField,
  levelField,
  metadataField,
  referenceField,
  refusePlaceholders,
} from './metric-fields.ts';
import type { MetricDraft, SourceDraft } from './metric-fields.ts';
import { defined } from '../../core/text/defined.ts';

const templates = z.record(z.string(), textField);

const prometheusField = mappingField({ query: textField, url: httpUrlField.optional() })
  .superRefine(({ url }, context) => {
    refusePlaceholders(url, context, 'url');
  })
  .transform(prometheusSource);

const httpShape = mappingField({
  url: httpUrlField,
  method: choiceField(['GET', 'POST']).optional(),
  headers: templates.optional(),
  params: templates.optional(),
  body: textField.optional(),
  jq: textField,
  auth: mappingField({ type: choiceField(['basic', 'bearer', 'apiKey']), secret: objectName }).optional(),
});

const httpField = httpShape
  .superRefine(({ url, body, method, auth }, context) => {
    if (auth === undefined) refusePlaceholders(url, context, 'url');
    if (body !== undefined && method === 'GET') {
      refuse(context, ['method'], { expected: 'POST beside a body', got: method });
    }
  })
  .transform(httpSource);

const mockField = z.record(z.string(), levelField).transform((levels): SourceDraft => ({ kind: 'mock', levels }));

/** The fields of the providers, of which a metric has one. */
const blocks = {
  prometheus: prometheusField.optional(),
  http: httpField.optional(),
  mock: mockField.optional(),
} satisfies Readonly<Record<MetricProviderName, z.ZodType<SourceDraft | undefined>>>;

// The blocks are the keys of their table.
const blockNames = Object.keys(blocks) as readonly (keyof typeof blocks)[];

type Blocks = { readonly [K in keyof typeof blocks]?: SourceDraft | undefined };

const specField = mappingField({
  ...described,
  type: choiceField(['counter', 'gauge']).optional(),
  sampleSize: referenceField.optional(),
  ...blocks,
}).superRefine((spec, context) => {
  const given = sourcesIn(spec).length;
  if (given !== 1) refuse(context, [], { expected: `one of ${blockNames.join(', ')}`, got: String(given) });
});

/** serin's own Metric: the one provider field is the source of its value. */
export const serinMetric = mappingField({
  apiVersion: choiceField(['serin.dev/v1alpha1']),
  kind: choiceField(['Metric']),
  metadata: metadataField,
  spec: specField,
}).transform(({ metadata, spec }): MetricDraft => {
  const [source] = sourcesIn(spec);
  if (source === undefined) throw new Error('a metric without a source has been accepted');
  return { ...commonDraft(metadata, spec), type: spec.type ?? 'gauge', source };
});

function sourcesIn(spec: Blocks): readonly SourceDraft[] {
  return blockNames.flatMap((name) => spec[name] ?? []);
}

function prometheusSource({ query, url }: { readonly query: string; readonly url?: string | undefined }): SourceDraft {
  return { kind: 'prometheus', query, ...defined({ url }) };
}

const authTypes = { basic: 'Basic', bearer: 'Bearer', apiKey: 'APIKey' } as const satisfies Record<
  string,
  MetricAuthType
>;

function httpSource({ url, method, params, body, jq, auth, headers = {} }: z.output<typeof httpShape>): SourceDraft {
  const authType = auth === undefined ? undefined : authTypes[auth.type];
  return {
    kind: 'http',
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    urlTemplate: url,
    headers: [...namedTemplates(headers), ...bearerHeader(authType, headers)],
    params: namedTemplates(params ?? {}),
    ...defined({ body }),
    jqExpression: jq,
    ...(auth === undefined || authType === undefined ? {} : { authType, secret: { name: auth.secret } }),
  };
}

/** The header with a bearer token, which is the secret's key `token`, unless the manifest has a header of its own. */
function bearerHeader(
  authType: MetricAuthType | undefined,
  headers: Readonly<Record<string, string>>,
): NamedTemplate[] {
  const isWritten = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  return authType === 'Bearer' && !isWritten ? [{ name: 'Authorization', value: 'Bearer ${token}' }] : [];
}

function namedTemplates(record: Readonly<Record<string, string>>): NamedTemplate[] {
  return Object.entries(record).map(([name, value]) => ({ name, value }));
}
