import { isJsonObject, parseJson } from '../../core/text/json.ts';
import { accessRemedy, parseEndpoint, readCredentials } from './access.ts';
import type { PrometheusPlace } from './access.ts';
import { readFloat } from './float.ts';
import { postForm } from './post-form.ts';
import { withTimeLimit } from '../time-limit.ts';
import { Unmeasured } from '../unmeasured.ts';

/** A time series as Prometheus returns it: raw samples, oldest first, times in epoch milliseconds. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
  /** Native histograms, oldest first; absent where there are none. */
  readonly histograms?: readonly NativeHistogram[];
}

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** One sample of a native histogram: buckets that overlap with no other, empty ones left out. */
export interface NativeHistogram {
  readonly atMs: number;
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly NativeBucket[];
}

export interface NativeBucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** An instant query in PromQL. */
export interface Query {
  readonly query: string;
  /** The time of evaluation, epoch milliseconds; the store's own now where it is absent. */
  readonly atMs?: number;
  /** Asks VictoriaMetrics for its very now, in place of 30 s before it (`-search.latencyOffset`). Other stores may refuse it. */
  readonly nocache?: true;
}

/** A connection to a Prometheus-compatible API. */
export interface Prometheus {
  /** Matchers in PromQL that belong into every selector, since the store has the series of others too; empty where there are none. */
  readonly matchers: string;
  /** The answer to an instant query; throws `Unmeasured` when there is none that can be used. */
  ask(query: Query): Promise<readonly Series[]>;
}

/** Where a store is, and the limits of a connection to it. */
export interface ConnectionOptions extends PrometheusPlace {
  readonly signal: AbortSignal;
  /** Bounds all queries together. */
  readonly limitMs: number;
  /** The most that one answer may have; by default more than serin's own questions are answered with. */
  readonly limitBytes?: number;
}

/** Many times what the series of a version with some hundred pods have. */
const longestAnswerBytes = 256 * 1024 * 1024;

/**
 * A Prometheus-compatible HTTP API, such as `http://prometheus:9090` or `http://mimir/prometheus?tenant=a`.
 *
 * User and password in the URL are sent as basic authentication. Neither they nor what the access has are ever shown.
 */
export function connectPrometheus(options: ConnectionOptions): Prometheus {
  const { limitMs, access, limitBytes = longestAnswerBytes } = options;
  const endpoint = parseEndpoint(options.baseUrl);
  const signal = withTimeLimit(options.signal, limitMs);

  async function post(form: URLSearchParams): Promise<Answer> {
    const { redact, ...credentials } = await readCredentials(endpoint, access);
    try {
      const { status, text } = await postForm({ url: endpoint.url, form, ...credentials, signal, limitBytes });
      return { status, text, url: endpoint.shown, redact, remedy: accessRemedy(options) };
    } catch (error) {
      options.signal.throwIfAborted();
      const happened = signal.aborted ? `no answer within ${limitMs / 1000} s` : describeFailure(error);
      throw new Unmeasured('blind', `Prometheus at ${endpoint.shown}: ${redact(happened)}`);
    }
  }

  return {
    matchers: access?.prometheusMatchers ?? '',
    // POST, since a selector of many targets can be longer than a URL may be.
    ask: async (query) => readAnswer(await post(new URLSearchParams(queryParameters(query)))),
  };
}

/** The parameters of an instant query over HTTP. */
export function queryParameters({ query, atMs, nocache }: Query): Readonly<Record<string, string>> {
  return {
    query,
    ...(atMs === undefined ? {} : { time: (atMs / 1000).toFixed(3) }),
    ...(nocache === undefined ? {} : { nocache: '1' }),
  };
}

/** What an error says, with the setting that mends it: `connect ECONNREFUSED 127.0.0.1:9090`. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return describeFailure(error.errors[0]);
  if (error.cause !== undefined) return describeFailure(error.cause);
  const code = 'code' in error ? String(error.code) : '';
  // What OpenSSL says is in `reason`; the message has addresses and files of its sources beside it.
  const said = 'reason' in error && code.startsWith('ERR_SSL_') ? String(error.reason) : error.message;
  if (distrust.has(code)) return `${said}; SERIN_PROMETHEUS_CA_FILE names the authority to trust`;
  if (/^ERR_SSL_.*ALERT.*CERT/.test(code))
    return `${said}; SERIN_PROMETHEUS_CERTIFICATE_FILE and SERIN_PROMETHEUS_KEY_FILE are what it was shown`;
  return said;
}

/** Node's codes for certificates of authorities that are not among the system's. */
const distrust: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** An answer over HTTP, and what messages about it say. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly url: string;
  /** Hides what is secret, before anything is cut off the text. */
  readonly redact: (text: string) => string;
  /** What to do about a refusal of who asks. */
  readonly remedy: string;
}

/** The series of an answer of Prometheus' HTTP API; throws `Unmeasured` when it cannot be used. */
export function readAnswer({ text, ...answer }: Answer): readonly Series[] {
  const { status, url, redact } = answer;
  const body = parseJson(text);
  if (status !== 200) throw refusal({ ...answer, detail: excerpt(redact(readError(body) ?? text)) });
  const result = readResult(body);
  if (result === undefined) {
    throw new Unmeasured('error', `${url} did not answer like Prometheus, check the URL: ${excerpt(redact(text))}`);
  }
  const doubt = findDoubt(body);
  if (doubt?.kind === 'part')
    throw new Unmeasured('blind', `Prometheus at ${url} answered in part: ${redact(doubt.reason)}`);
  if (doubt?.kind === 'mistake')
    throw new Unmeasured('error', `Prometheus at ${url} doubts the query: ${redact(doubt.reason)}`);
  return result.map(readSeries);
}

/** Why the answer of a query is only a part of the data, as when a store of Thanos is down; undefined where it is whole. */
export function partialReason(body: unknown): string | undefined {
  if (readResult(body) === undefined) return undefined;
  const doubt = findDoubt(body);
  return doubt?.kind === 'part' ? doubt.reason : undefined;
}

interface Doubt {
  /** `mistake`: the data is whole, but the query does not mean what its author thinks. */
  readonly kind: 'part' | 'mistake';
  readonly reason: string;
}

/**
 * Back ends that fan out warn when a store did not answer, or say `isPartial` (VictoriaMetrics): counters are then not complete.
 * Remarks about PromQL itself stand among the warnings in some back ends, and come with whole data. Of those an info, such as a name
 * that does not end in `_total`, is nothing wrong.
 */
function findDoubt(body: unknown): Doubt | undefined {
  const warnings = readWarnings(body);
  const part = warnings.find((warning) => !warning.startsWith('PromQL '));
  if (part !== undefined) return { kind: 'part', reason: part };
  if (isJsonObject(body) && body['isPartial'] === true) return { kind: 'part', reason: 'isPartial is true' };
  const mistake = warnings.find((warning) => warning.startsWith('PromQL warning:'));
  return mistake === undefined ? undefined : { kind: 'mistake', reason: mistake };
}

/** An overloaded back end may answer later; a refused query is wrong and stays so, and so is a refused access. */
function refusal({ status, url, detail, remedy }: Omit<Answer, 'text' | 'redact'> & { detail: string }): Unmeasured {
  const kind = status >= 500 || status === 429 ? 'blind' : 'error';
  const said = `Prometheus at ${url} answered HTTP ${status}`;
  if (status === 401 || status === 403) return new Unmeasured(kind, `${said}: ${detail}; ${remedy}`);
  if (status < 300 || status >= 400) return new Unmeasured(kind, `${said}: ${detail}`);
  return new Unmeasured(kind, `${said}, and redirects are not followed: use the address that it leads to`);
}

function readError(body: unknown): string | undefined {
  return isJsonObject(body) && typeof body['error'] === 'string' ? body['error'] : undefined;
}

function readWarnings(body: unknown): readonly string[] {
  const warnings = isJsonObject(body) ? body['warnings'] : undefined;
  return Array.isArray(warnings) ? warnings.map(String) : [];
}

function readResult(body: unknown): readonly unknown[] | undefined {
  if (!isJsonObject(body) || body['status'] !== 'success' || !isJsonObject(body['data'])) return undefined;
  const { result } = body['data'];
  return Array.isArray(result) ? result : undefined;
}

/** A matrix has `values` and `histograms`, a vector one `value` or `histogram`. */
function readSeries(result: unknown): Series {
  if (!isJsonObject(result) || !isJsonObject(result['metric'])) throw unreadable(result);
  const values = readList(result['values'], result['value']);
  const histograms = readList(result['histograms'], result['histogram']);
  if (values.length + histograms.length === 0) throw unreadable(result);
  const labels = Object.fromEntries(Object.entries(result['metric']).map(([name, value]) => [name, String(value)]));
  return {
    labels,
    samples: values.map(readSample),
    ...(histograms.length === 0 ? {} : { histograms: histograms.map(readHistogram) }),
  };
}

function readList(several: unknown, one: unknown): readonly unknown[] {
  if (Array.isArray(several)) return several;
  return one === undefined ? [] : [one];
}

/** `[time, {count, sum, buckets: [[rule, lower, upper, count], …]}]`, numbers as texts. */
function readHistogram(pair: unknown): NativeHistogram {
  const [seconds, histogram] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
  if (typeof seconds !== 'number' || !isJsonObject(histogram)) throw unreadable(pair);
  const { count, sum, buckets = [] } = histogram;
  const number = (text: unknown): number => {
    const value = typeof text === 'string' ? readFloat(text) : undefined;
    if (value === undefined) throw unreadable(pair);
    return value;
  };
  if (!Array.isArray(buckets)) throw unreadable(pair);
  return {
    atMs: Math.round(seconds * 1000),
    count: number(count),
    sum: number(sum),
    buckets: buckets.map((bucket: unknown) => {
      const [, lower, upper, requests] = Array.isArray(bucket) ? (bucket as readonly unknown[]) : [];
      return { lower: number(lower), upper: number(upper), count: number(requests) };
    }),
  };
}

function readSample(pair: unknown): Sample {
  if (!Array.isArray(pair) || typeof pair[0] !== 'number' || typeof pair[1] !== 'string') throw unreadable(pair);
  const value = readFloat(pair[1]);
  if (value === undefined) throw unreadable(pair);
  return { atMs: Math.round(pair[0] * 1000), value };
}

function unreadable(part: unknown): Unmeasured {
  return new Unmeasured(
    'error',
    `cannot read Prometheus' answer, expected float samples: ${excerpt(JSON.stringify(part))}`,
  );
}

function excerpt(text: string | undefined): string {
  const line = (text ?? '').replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line || 'no text';
}
