import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { redactValues } from '../../core/tasks/redact.ts';
import { defined } from '../../core/text/defined.ts';
import { withoutTrailingSlashes } from '../../core/text/trailing-slashes.ts';
import { shownNever } from '../credentials.ts';
import { Unmeasured } from '../unmeasured.ts';

/** What a store wants to be asked with, by the names of the worker's settings; those of a worker are such a value. */
export interface PrometheusAccess {
  /** Sent with each request; their values are secret. */
  readonly prometheusHeaders?: Readonly<Record<string, string>> | undefined;
  /** The file with a bearer token, which rotates: read anew for each request, as those of TLS are. */
  readonly prometheusTokenFile?: string | undefined;
  /** The authorities to trust in place of the system's. */
  readonly prometheusCaFile?: string | undefined;
  readonly prometheusCertificateFile?: string | undefined;
  readonly prometheusKeyFile?: string | undefined;
  /** Label matchers in PromQL, `cluster="prod",env="eu"`, for every selector. */
  readonly prometheusMatchers?: string | undefined;
}

/** A store and how it is reached. */
export interface PrometheusPlace {
  /** A Prometheus-compatible HTTP API: `http://prometheus:9090`. */
  readonly baseUrl: string;
  readonly access?: PrometheusAccess | undefined;
}

/** The address of a store's queries, apart from the credentials in its URL. */
export interface Endpoint {
  readonly url: URL;
  /** Without user, password and query parameters, any of which may be secret. */
  readonly shown: string;
  readonly user: string;
  readonly password: string;
}

/** What one request carries of the access. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Hides all that is secret. */
  readonly redact: (text: string) => string;
}

const files = {
  prometheusTokenFile: 'SERIN_PROMETHEUS_TOKEN_FILE',
  prometheusCaFile: 'SERIN_PROMETHEUS_CA_FILE',
  prometheusCertificateFile: 'SERIN_PROMETHEUS_CERTIFICATE_FILE',
  prometheusKeyFile: 'SERIN_PROMETHEUS_KEY_FILE',
} as const;

type FileSetting = keyof typeof files;

// The keys of the table.
const fileSettings = Object.keys(files) as readonly FileSetting[];

/** The settings by which a store is told who asks, for messages. */
const credentialSettings =
  'SERIN_PROMETHEUS_TOKEN_FILE, SERIN_PROMETHEUS_HEADERS, or user and password in SERIN_PROMETHEUS_URL';

/** Splits a base URL; the path is a prefix, and query parameters are kept. Throws `Unmeasured` where it is none. */
export function parseEndpoint(baseUrl: string): Endpoint {
  const url = URL.parse(baseUrl);
  if (url === null) throw new Unmeasured('error', 'the URL of Prometheus is none');
  const [user, password] = [decode(url.username), decode(url.password)];
  url.username = '';
  url.password = '';
  url.hash = '';
  url.pathname = `${withoutTrailingSlashes(url.pathname)}/api/v1/query`;
  return { url, shown: `${url.origin}${url.pathname}`, user, password };
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new Unmeasured(
      'error',
      'the URL of Prometheus has a % in its user or password that is no escape: write it as %25',
    );
  }
}

/** The base URL of a store for messages: without what may be secret. */
export function shownEndpoint({ baseUrl }: PrometheusPlace): string {
  const { origin, pathname } = new URL(baseUrl);
  return `${origin}${withoutTrailingSlashes(pathname)}`;
}

/** What is wrong with the settings of a store before it is asked; each problem names its setting. */
export function accessProblems({ baseUrl, access = {} }: PrometheusPlace): readonly string[] {
  const { prometheusCertificateFile: certificate, prometheusKeyFile: key } = access;
  const ways = waysToAuthenticate({ baseUrl, access });
  return [
    ...(ways.length > 1 ? [`${ways.join(' and ')}: expected one of them, since a request has one authorization`] : []),
    ...((certificate === undefined) === (key === undefined)
      ? []
      : ['SERIN_PROMETHEUS_CERTIFICATE_FILE and SERIN_PROMETHEUS_KEY_FILE: expected both, got one']),
    ...fileSettings.flatMap((setting) => unreadableFile(setting, access[setting])),
  ];
}

/** Reads what the next request carries; throws `Unmeasured`, blind, when a file cannot be read now. */
export async function readCredentials(endpoint: Endpoint, access: PrometheusAccess = {}): Promise<Credentials> {
  const [token, ca, cert, key] = await Promise.all(
    fileSettings.map((setting) => readSetting(setting, access[setting])),
  );
  const own = Object.entries(access.prometheusHeaders ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  const authorization = token === undefined ? basicAuthorization(endpoint) : `Bearer ${requireToken(token)}`;
  const headers: Readonly<Record<string, string>> = { ...defined({ authorization }), ...Object.fromEntries(own) };
  const { user: username, password } = endpoint;
  const secrets = shownNever({
    ...headers,
    ...defined({ token: token?.trim(), key }),
    ...Object.fromEntries(endpoint.url.searchParams),
    ...(username === '' ? {} : { username, password }),
    // `Bearer abc` may be repeated as `abc`.
    ...Object.fromEntries(own.map(([name, value = '']) => [`word of ${name}`, value.split(' ').at(-1) ?? ''])),
  });
  return { headers, tls: defined({ ca, cert, key }), redact: (text) => redactValues(text, secrets) };
}

/** What to do about HTTP 401 and 403: names the setting whose credentials were refused, or those that are missing. */
export function accessRemedy(place: PrometheusPlace): string {
  const { prometheusCertificateFile, prometheusHeaders = {} } = place.access ?? {};
  const sent = [
    ...waysToAuthenticate(place),
    ...(prometheusCertificateFile === undefined ? [] : [files.prometheusCertificateFile]),
  ];
  const names = Object.keys(prometheusHeaders);
  if (sent.length > 0) return `it refuses what ${sent.join(' and ')} ${sent.length === 1 ? 'says' : 'say'}`;
  const others = names.length === 0 ? '' : `, beside the header ${names.join(' and ')}`;
  return `nothing says who asks${others}: set ${credentialSettings}`;
}

function waysToAuthenticate({ baseUrl, access = {} }: PrometheusPlace): readonly string[] {
  const names = Object.keys(access.prometheusHeaders ?? {}).map((name) => name.toLowerCase());
  return [
    ...(access.prometheusTokenFile === undefined ? [] : [files.prometheusTokenFile]),
    ...(names.includes('authorization') ? ['the header Authorization of SERIN_PROMETHEUS_HEADERS'] : []),
    ...((URL.parse(baseUrl)?.username ?? '') === '' ? [] : ['the user of SERIN_PROMETHEUS_URL']),
  ];
}

function basicAuthorization({ user, password }: Endpoint): string | undefined {
  return user === '' ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function unreadableFile(setting: FileSetting, path: string | undefined): readonly string[] {
  if (path === undefined) return [];
  try {
    accessSync(path, constants.R_OK);
    return [];
  } catch (error) {
    return [`${files[setting]}: expected a readable file, got ${reason(error)}`];
  }
}

async function readSetting(setting: FileSetting, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new Unmeasured('blind', `${files[setting]} cannot be read: ${reason(error)}`);
  });
}

function requireToken(text: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const got = token === '' ? 'nothing' : 'white space or characters that no header takes';
  throw new Unmeasured('blind', `SERIN_PROMETHEUS_TOKEN_FILE: expected a token on one line, got ${got}`);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
