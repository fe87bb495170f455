import { z } from 'zod';
import { mapping, namespaceName, objectName, oneOf, refuse, text } from '../document/fields.ts';
import { showValue } from '../document/issue.ts';
import { commonOf, described, httpUrl, level, metadata, reference, refusePlaceholders } from './metric-fields.ts';
import type { MetricDraft, Reference } from './metric-fields.ts';

const namedTemplate = mapping({ name: text, value: text });

/** iter8's Metric v2alpha1: the Prometheus of the installation, since no other provider ever worked. */
export const v2alpha1Metric = mapping({
  apiVersion: oneOf(['iter8.tools/v2alpha1']),
  kind: oneOf(['Metric']),
  metadata,
  spec: mapping({
    ...described,
    params: z.array(namedTemplate).superRefine((params, context) => {
      if (params.length === 1 && params[0]?.name === 'query') return;
      const got = params.map(({ name }) => showValue(name)).join(', ') || 'none';
      refuse(context, [], { expected: 'one parameter, named query', got });
    }),
    type: oneOf(['counter', 'gauge']).optional(),
    sampleSize: mapping({ namespace: namespaceName.optional(), name: objectName })
      .transform(({ name, namespace }): Reference => ({ name, ...(namespace === undefined ? {} : { namespace }) }))
      .optional(),
    provider: oneOf(['prometheus']),
  }),
}).transform(({ metadata, spec }): MetricDraft => {
  return {
    ...commonOf(metadata, spec),
    type: spec.type ?? 'gauge',
    source: { kind: 'prometheus', query: spec.params[0]?.value ?? '' },
  };
});

const v2alpha2Spec = mapping({
  ...described,
  params: z.array(namedTemplate).optional(),
  type: oneOf(['Counter', 'Gauge']).optional(),
  sampleSize: reference.optional(),
  authType: oneOf(['Basic', 'Bearer', 'APIKey']).optional(),
  method: oneOf(['GET', 'POST']).optional(),
  body: text.optional(),
  provider: text.optional(),
  jqExpression: text.optional(),
  secret: reference.optional(),
  headerTemplates: z.array(namedTemplate).optional(),
  urlTemplate: httpUrl.optional(),
  mock: z.array(mapping({ name: text, level })).optional(),
}).superRefine((spec, context) => {
  if (isBuiltIn(spec) || isMocked(spec)) return;
  for (const field of ['urlTemplate', 'jqExpression'] as const) {
    if (spec[field] === undefined) refuse(context, [], { expected: `${field} or mock`, got: 'neither' });
  }
  if (spec.secret === undefined) refusePlaceholders(spec.urlTemplate, context, 'urlTemplate');
  if (spec.authType !== undefined && spec.secret === undefined) {
    refuse(context, ['authType'], { expected: 'a secret beside authType', got: 'none' });
  }
  if (spec.body !== undefined && spec.method !== 'POST') {
    refuse(context, ['body'], { expected: 'method POST beside a body', got: spec.method ?? 'GET, the default' });
  }
});

type V2alpha2Spec = z.output<typeof v2alpha2Spec>;

/** iter8's Metric v2alpha2; `built-in` for those that iter8 measured by itself. */
export const v2alpha2Metric = mapping({
  apiVersion: oneOf(['iter8.tools/v2alpha2']),
  kind: oneOf(['Metric']),
  metadata,
  spec: v2alpha2Spec,
}).transform(({ metadata, spec }): MetricDraft | 'built-in' => {
  if (isBuiltIn(spec)) return 'built-in';
  return {
    ...commonOf(metadata, spec),
    type: spec.type === 'Counter' ? 'counter' : 'gauge',
    source: isMocked(spec) ? mockSourceOf(spec) : httpSourceOf(spec),
  };
});

/** iter8's reserved word. */
function isBuiltIn({ provider }: { readonly provider?: string | undefined }): boolean {
  return provider === 'iter8';
}

function isMocked({ mock = [] }: { readonly mock?: readonly unknown[] | undefined }): boolean {
  return mock.length > 0;
}

function mockSourceOf({ mock = [] }: V2alpha2Spec): MetricDraft['source'] {
  return { kind: 'mock', levels: Object.fromEntries(mock.map(({ name, level }) => [name, level])) };
}

function httpSourceOf(spec: V2alpha2Spec): MetricDraft['source'] {
  const { method = 'GET', urlTemplate = '', jqExpression = '', body, authType, secret } = spec;
  return {
    kind: 'http',
    method,
    urlTemplate,
    headers: spec.headerTemplates ?? [],
    params: spec.params ?? [],
    ...(body === undefined ? {} : { body }),
    jqExpression,
    ...(authType === undefined ? {} : { authType }),
    ...(secret === undefined ? {} : { secret }),
  };
}
