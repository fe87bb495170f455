import { isJsonObject, parseJson } from '../../core/text/json.ts';
import { readFloat } from './float.ts';
import { withTimeLimit } from '../time-limit.ts';
import { Unmeasured } from '../unmeasured.ts';

/** A time series as Prometheus returns it: raw samples, oldest first, times in epoch milliseconds. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** An instant query in PromQL. */
export interface Query {
  readonly query: string;
  /** The time of evaluation, epoch milliseconds. */
  readonly atMs: number;
}

/** A connection to a Prometheus-compatible API. */
export interface Prometheus {
  /** The answer to an instant query; throws `Unmeasured` when there is none that can be used. */
  ask(query: Query): Promise<readonly Series[]>;
}

/**
 * A Prometheus-compatible HTTP API at `baseUrl`, such as `http://prometheus:9090` or `http://mimir/prometheus`.
 *
 * User and password in the URL are sent as basic authentication and never shown. `limitMs` bounds all queries
 * together.
 */
export function connectPrometheus(options: { baseUrl: string; signal: AbortSignal; limitMs: number }): Prometheus {
  const { limitMs } = options;
  const endpoint = parseEndpoint(options.baseUrl);
  const signal = withTimeLimit(options.signal, limitMs);

  async function post(body: URLSearchParams): Promise<Answer> {
    try {
      const response = await fetch(endpoint.url, { method: 'POST', body, headers: endpoint.headers, signal });
      return { status: response.status, text: await response.text(), url: endpoint.shown };
    } catch (error) {
      options.signal.throwIfAborted();
      const happened = signal.aborted ? `no answer within ${limitMs / 1000} s` : describeFailure(error);
      throw new Unmeasured('blind', `Prometheus at ${endpoint.shown}: ${happened}`);
    }
  }

  return {
    // POST, since a selector of many targets can be longer than a URL may be.
    ask: async ({ query, atMs }) =>
      readAnswer(await post(new URLSearchParams({ query, time: (atMs / 1000).toFixed(3) }))),
  };
}

function parseEndpoint(baseUrl: string): { url: URL; shown: string; headers: Record<string, string> } {
  const url = new URL(baseUrl);
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const hasCredentials = url.username !== '';
  url.username = '';
  url.password = '';
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/query`;
  return { url, shown: `${url.origin}${url.pathname}`, headers: hasCredentials ? { authorization } : {} };
}

/** The message that fetch hides in its causes: `connect ECONNREFUSED 127.0.0.1:9090`. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return describeFailure(error.errors[0]);
  return error.cause === undefined ? error.message : describeFailure(error.cause);
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly url: string;
}

function readAnswer({ status, text, url }: Answer): readonly Series[] {
  const body = parseJson(text);
  if (status !== 200) throw refusal({ status, url, detail: readError(body) ?? excerpt(text) });
  const result = readResult(body);
  if (result === undefined) {
    throw new Unmeasured('error', `${url} did not answer like Prometheus, check the URL: ${excerpt(text)}`);
  }
  const [warning] = readWarnings(body);
  // Back ends that fan out, such as Thanos, warn when a store did not answer: the counters are then not complete.
  if (warning !== undefined) throw new Unmeasured('blind', `Prometheus at ${url} answered in part: ${warning}`);
  return result.map(readSeries);
}

/** An overloaded back end may answer later; a refused query is wrong and stays so. */
function refusal({ status, url, detail }: { status: number; url: string; detail: string }): Unmeasured {
  const kind = status >= 500 || status === 429 ? 'blind' : 'error';
  return new Unmeasured(kind, `Prometheus at ${url} answered HTTP ${status}: ${detail}`);
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

/** A matrix has `values`, a vector has one `value`; native histograms have neither. */
function readSeries(result: unknown): Series {
  if (!isJsonObject(result) || !isJsonObject(result['metric'])) throw unreadable(result);
  const values = Array.isArray(result['values']) ? result['values'] : [result['value']];
  const labels = Object.fromEntries(Object.entries(result['metric']).map(([name, value]) => [name, String(value)]));
  return { labels, samples: values.map(readSample) };
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
