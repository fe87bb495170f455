import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { ServerOptions } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PrometheusAccess } from '../../metrics/prometheus/access.ts';
import type { Dialect, ProxiedAnswer, ProxiedRequest, QueryAnswer } from './store-proxy.ts';

/** The token that the products take. */
const storeToken = 'token-of-serin';
const storeTenant = 'team-a';
export const storeNamespace = 'default';

/** A product and how it is reached. */
export interface Product {
  readonly dialect: Dialect;
  /** Of the URL. */
  readonly parameters?: string;
  readonly access: PrometheusAccess;
}

/** All products that a proxy acts as; the file of the token is written to the directory. */
export async function productsBehindProxies(directory: string): Promise<readonly Product[]> {
  const prometheusTokenFile = join(directory, 'token');
  await writeFile(prometheusTokenFile, storeToken);
  const prometheusCaFile = tlsFile('certificate');
  const tls = { cert: readFileSync(prometheusCaFile), key: readFileSync(tlsFile('key')) };
  return [
    { dialect: thanos, access: {} },
    { dialect: mimir, access: { prometheusHeaders: { 'X-Scope-OrgID': storeTenant } } },
    { dialect: googleManaged, access: { prometheusTokenFile } },
    {
      dialect: openShift(tls),
      parameters: `?namespace=${storeNamespace}`,
      access: { prometheusTokenFile, prometheusCaFile },
    },
  ];
}

function tlsFile(name: string): string {
  return fileURLToPath(new URL(`tls/${name}.pem`, import.meta.url));
}

function refused(status: number, error: string): ProxiedAnswer {
  return { status, body: { status: 'error', errorType: 'execution', error } };
}

/**
 * Thanos Query: where a store does not answer, the rest comes with a warning
 * (https://thanos.io/tip/components/query.md/#partial-response).
 */
const thanos: Dialect = {
  name: 'Thanos',
  prefix: '',
  change: inPartAtTimes,
};

/** Something is down for 8 s of each 37 s. */
function isDown(): boolean {
  return Date.now() % 37_000 < 8_000;
}

function inPartAtTimes(answer: QueryAnswer): QueryAnswer {
  return isDown() ? inPart(answer) : answer;
}

function inPart(answer: QueryAnswer): QueryAnswer {
  const { data } = answer;
  if (data === undefined) return answer;
  const result = data.result.filter((_, index) => index % 2 === 0);
  const warning = 'receive series from Addr: 10.0.0.7:10901: rpc error: code = Unavailable desc = connection refused';
  return { ...answer, data: { ...data, result }, warnings: [warning] };
}

/**
 * Mimir: a tenant's header, limits on queries, and a queue that is full at times
 * (https://grafana.com/docs/mimir/latest/references/http-api/).
 */
const mimir: Dialect = {
  name: 'Mimir',
  prefix: '/prometheus',
  refuse: ({ headers, form }) => {
    if (headers['x-scope-orgid'] !== storeTenant) return refused(401, 'no org id');
    if (form.get('query')?.includes('__name__=~') === true)
      return refused(422, 'the query exceeded the maximum number of chunks (err-mimir-max-chunks-per-query)');
    return isDown() ? refused(429, 'too many outstanding requests') : undefined;
  },
};

/**
 * Google Cloud Managed Service for Prometheus: names match exactly, functions are those of Prometheus 2.44, parameters that the API does
 * not have are refused (https://cloud.google.com/stackdriver/docs/managed-prometheus/promql-differences).
 */
const googleManaged: Dialect = {
  name: 'Google Managed Prometheus',
  prefix: '/v1/projects/shop/location/global/prometheus',
  refuse: ({ headers, form }) => {
    if (!isAuthorized({ headers })) return refused(401, 'Request had invalid authentication credentials');
    const unknown = [...form.keys()].find((name) => !['query', 'time', 'timeout'].includes(name));
    if (unknown !== undefined) return refused(400, `Unknown name "${unknown}": Cannot bind query parameter`);
    if (/__name__(?:=~|!~|!=)/.test(form.get('query') ?? '')) return refused(400, 'regular expression on __name__');
    return undefined;
  },
};

/**
 * OpenShift's Thanos querier on its port for one namespace: TLS of the cluster's own authority, a bearer token, and the parameter
 * `namespace`, which is put into each selector (https://github.com/prometheus-community/prom-label-proxy).
 */
function openShift(tls: ServerOptions): Dialect {
  return {
    name: 'OpenShift',
    prefix: '',
    tls,
    refuse: ({ headers, parameters }) => {
      if (!isAuthorized({ headers })) return refused(401, 'Unauthorized');
      if (parameters.get('namespace') === storeNamespace) return undefined;
      return refused(400, 'The "namespace" query parameter must be provided.');
    },
    rewrite: (query) =>
      query
        .replaceAll('{', `{namespace="${storeNamespace}",`)
        .replaceAll(/\bup\b(?!\{)/g, `up{namespace="${storeNamespace}"}`),
    change: inPartAtTimes,
  };
}

function isAuthorized({ headers }: Pick<ProxiedRequest, 'headers'>): boolean {
  return headers.authorization === `Bearer ${storeToken}`;
}
