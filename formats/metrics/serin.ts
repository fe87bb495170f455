import { z } from 'zod';
import type { AuthType, NamedTemplate } from '../../core/experiment/metric-definition.ts';
import { mapping, objectName, oneOf, refuse, text } from '../document/fields.ts';
import { commonOf, described, httpUrl, level, metadata, reference, refusePlaceholders } from './metric-fields.ts';
import type { MetricDraft } from './metric-fields.ts';

const templates = z.record(z.string(), text);

const prometheus = mapping({ query: text, url: httpUrl.optional() }).superRefine(({ url }, context) => {
  refusePlaceholders(url, context, 'url');
});

const http = mapping({
  url: httpUrl,
  method: oneOf(['GET', 'POST']).optional(),
  headers: templates.optional(),
  params: templates.optional(),
  body: text.optional(),
  jq: text,
  auth: mapping({ type: oneOf(['basic', 'bearer', 'apiKey']), secret: objectName }).optional(),
}).superRefine(({ url, body, method, auth }, context) => {
  if (auth === undefined) refusePlaceholders(url, context, 'url');
  if (body !== undefined && method === 'GET') {
    refuse(context, ['method'], { expected: 'POST beside a body', got: method });
  }
});

const spec = mapping({
  ...described,
  type: oneOf(['counter', 'gauge']).optional(),
  sampleSize: reference.optional(),
  prometheus: prometheus.optional(),
  http: http.optional(),
  mock: z.record(z.string(), level).optional(),
}).superRefine(({ prometheus, http, mock }, context) => {
  const given = [prometheus, http, mock].filter((source) => source !== undefined).length;
  if (given !== 1) refuse(context, [], { expected: 'one of prometheus, http, mock', got: String(given) });
});

/** serin's own Metric: one block says where the value comes from. */
export const serinMetric = mapping({
  apiVersion: oneOf(['serin.dev/v1alpha1']),
  kind: oneOf(['Metric']),
  metadata,
  spec,
}).transform(({ metadata, spec }): MetricDraft => {
  return { ...commonOf(metadata, spec), type: spec.type ?? 'gauge', source: sourceOf(spec) };
});

function sourceOf({ prometheus, http, mock }: z.output<typeof spec>): MetricDraft['source'] {
  if (prometheus !== undefined) return prometheusSourceOf(prometheus);
  if (http !== undefined) return httpSourceOf(http);
  return { kind: 'mock', levels: mock ?? {} };
}

/** The answer to an instant query is a vector of one series. */
const onlySample =
  '.data.result | if length == 1 then .[0].value[1] | tonumber ' +
  'elif length == 0 then null else error("\\(length) series, expected one") end';

/** Another Prometheus than the worker's is an HTTP service like any other. */
function prometheusSourceOf({ query, url }: z.output<typeof prometheus>): MetricDraft['source'] {
  if (url === undefined) return { kind: 'prometheus', query };
  return {
    kind: 'http',
    method: 'GET',
    urlTemplate: `${url.replace(/\/+$/, '')}/api/v1/query`,
    headers: [],
    params: [{ name: 'query', value: query }],
    jqExpression: onlySample,
  };
}

const authTypes = { basic: 'Basic', bearer: 'Bearer', apiKey: 'APIKey' } as const satisfies Record<string, AuthType>;

function httpSourceOf({ url, method, params, body, jq, auth, headers = {} }: z.output<typeof http>) {
  const authType = auth === undefined ? undefined : authTypes[auth.type];
  return {
    kind: 'http',
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    urlTemplate: url,
    headers: [...namedTemplates(headers), ...bearerHeader(authType, headers)],
    params: namedTemplates(params ?? {}),
    ...(body === undefined ? {} : { body }),
    jqExpression: jq,
    ...(auth === undefined || authType === undefined ? {} : { authType, secret: { name: auth.secret } }),
  } as const;
}

/** A bearer's token is the key `token`, unless the manifest says otherwise. */
function bearerHeader(authType: AuthType | undefined, headers: Readonly<Record<string, string>>): NamedTemplate[] {
  const isWritten = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  return authType === 'Bearer' && !isWritten ? [{ name: 'Authorization', value: 'Bearer ${token}' }] : [];
}

function namedTemplates(record: Readonly<Record<string, string>>): NamedTemplate[] {
  return Object.entries(record).map(([name, value]) => ({ name, value }));
}
