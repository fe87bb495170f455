import { formatObjectName } from '../../core/experiment/experiment.ts';
import { parseJson } from '../../core/text/json.ts';
import type { HttpSource } from '../../core/experiment/metric-definition.ts';
import { substitute } from '../../core/measurements/placeholders.ts';
import { basicHeader } from '../credentials.ts';
import type { MetricRequest, SecretData } from './provider.ts';

/** The values of a request's placeholders. */
export interface Filling {
  /** Values for parameters and body. */
  readonly variables: Readonly<Record<string, string>>;
  /** Values for URL and headers; empty where the metric names no secret. */
  readonly secret: SecretData;
}

/** A request, or why it cannot be composed. */
export type Composed =
  | { readonly kind: 'ok'; readonly request: Omit<MetricRequest, 'limitMs' | 'signal'> }
  /** Why there is no request; without the secret. */
  | { readonly kind: 'invalid'; readonly problem: string };

/** Composes the request from a metric's templates, by iter8's rules. */
export function composeRequest(source: HttpSource, filling: Filling): Composed {
  const { method } = source;
  const lacking = lackingKeys(source, filling.secret);
  if (lacking !== undefined) return { kind: 'invalid', problem: lacking };
  const url = composeUrl(source, filling);
  if (url === undefined) return { kind: 'invalid', problem: 'its URL is none after the placeholders are filled in' };
  const headers = composeHeaders(source, filling.secret);
  if (source.body === undefined) return { kind: 'ok', request: { url, method, headers } };
  const body = parseJson(substitute(source.body, filling.variables).text);
  if (body === undefined)
    return { kind: 'invalid', problem: 'its body is not JSON after the placeholders are filled in' };
  return {
    kind: 'ok',
    request: { url, method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) },
  };
}

function lackingKeys(source: HttpSource, secret: SecretData): string | undefined {
  if (source.secret === undefined) return undefined;
  const basic = source.authType === 'Basic' ? ['username', 'password'] : [];
  const templates = [source.urlTemplate, ...(areTemplates(source) ? source.headers.map(({ value }) => value) : [])];
  const named = templates.flatMap((template) => substitute(template, secret).unknown);
  const lacking = [...new Set([...basic.filter((key) => secret[key] === undefined), ...named])];
  if (lacking.length === 0) return undefined;
  return `secret ${formatObjectName(source.secret)} has no key ${lacking.join(', ')}`;
}

function areTemplates({ authType }: HttpSource): boolean {
  return authType === 'Bearer' || authType === 'APIKey';
}

function composeUrl({ urlTemplate, params }: HttpSource, { variables, secret }: Filling): string | undefined {
  const url = URL.parse(substitute(urlTemplate, secret).text);
  for (const { name, value } of params) url?.searchParams.append(name, substitute(value, variables).text);
  return url?.href;
}

function composeHeaders(source: HttpSource, secret: SecretData): Readonly<Record<string, string>> {
  const written = source.headers.map(({ name, value }) => {
    return [name.toLowerCase(), areTemplates(source) ? substitute(value, secret).text.trim() : value];
  });
  const { username = '', password = '' } = secret;
  return { ...Object.fromEntries(written), ...(source.authType === 'Basic' ? basicHeader(username, password) : {}) };
}
