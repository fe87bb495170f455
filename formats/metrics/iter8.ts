import { z } from 'zod';
import { mappingField, namespaceName, objectName, choiceField, refuse, textField } from '../document/fields.ts';
import { showValue } from '../document/issue.ts';
import {
  commonDraft,
  described,
  httpUrlField,
  levelField,
  metadataField,
  referenceField,
  refusePlaceholders,
} from './metric-fields.ts';
import type { MetricDraft, Reference, SourceDraft } from './metric-fields.ts';
import { defined } from '../../core/text/defined.ts';

const namedTemplate = mappingField({ name: textField, value: textField });

/** iter8's Metric v2alpha1: the Prometheus of the installation, since no other provider ever worked. */
export const v2alpha1Metric = mappingField({
  apiVersion: choiceField(['iter8.tools/v2alpha1']),
  kind: choiceField(['Metric']),
  metadata: metadataField,
  spec: mappingField({
    ...described,
    params: z.array(namedTemplate).superRefine((params, context) => {
      if (params.length === 1 && params[0]?.name === 'query') return;
      const got = params.map(({ name }) => showValue(name)).join(', ') || 'none';
      refuse(context, [], { expected: 'one parameter, named query', got });
    }),
    type: choiceField(['counter', 'gauge']).optional(),
    sampleSize: mappingField({ namespace: namespaceName.optional(), name: objectName })
      .transform(({ name, namespace }): Reference => ({ name, ...defined({ namespace }) }))
      .optional(),
    provider: choiceField(['prometheus']),
  }),
}).transform(({ metadata, spec }): MetricDraft => {
  return {
    ...commonDraft(metadata, spec),
    type: spec.type ?? 'gauge',
    source: { kind: 'prometheus', query: spec.params[0]?.value ?? '' },
  };
});

const types = { Counter: 'counter', Gauge: 'gauge', counter: 'counter', gauge: 'gauge' } as const;

/** Lower case was the legal form for a while. */
const typeField = choiceField(['Counter', 'Gauge', 'counter', 'gauge']).transform((type) => types[type]);

const v2alpha2Spec = mappingField({
  ...described,
  params: z.array(namedTemplate).optional(),
  type: typeField.optional(),
  sampleSize: referenceField.optional(),
  authType: choiceField(['Basic', 'Bearer', 'APIKey']).optional(),
  method: choiceField(['GET', 'POST']).optional(),
  body: textField.optional(),
  provider: textField.optional(),
  jqExpression: textField.optional(),
  secret: referenceField.optional(),
  headerTemplates: z.array(namedTemplate).optional(),
  urlTemplate: httpUrlField.optional(),
  mock: z.array(mappingField({ name: textField, level: levelField })).optional(),
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
export const v2alpha2Metric = mappingField({
  apiVersion: choiceField(['iter8.tools/v2alpha2']),
  kind: choiceField(['Metric']),
  metadata: metadataField,
  spec: v2alpha2Spec,
}).transform(({ metadata, spec }): MetricDraft | 'built-in' => {
  if (isBuiltIn(spec)) return 'built-in';
  return {
    ...commonDraft(metadata, spec),
    type: spec.type ?? 'gauge',
    source: isMocked(spec) ? mockSource(spec) : httpSource(spec),
  };
});

/** Whether the provider is iter8's reserved word for metrics that are built in. */
function isBuiltIn({ provider }: { readonly provider?: string | undefined }): boolean {
  return provider === 'iter8';
}

function isMocked({ mock = [] }: { readonly mock?: readonly unknown[] | undefined }): boolean {
  return mock.length > 0;
}

function mockSource({ mock = [] }: V2alpha2Spec): SourceDraft {
  return { kind: 'mock', levels: Object.fromEntries(mock.map(({ name, level }) => [name, level])) };
}

function httpSource(spec: V2alpha2Spec): SourceDraft {
  const { method = 'GET', urlTemplate = '', jqExpression = '', body, authType, secret } = spec;
  return {
    kind: 'http',
    method,
    urlTemplate,
    headers: spec.headerTemplates ?? [],
    params: spec.params ?? [],
    ...defined({ body }),
    jqExpression,
    ...defined({ authType, secret }),
  };
}
