import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request to a store, whether by GET or by POST. */
export interface ProxiedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the URL. */
  readonly parameters: URLSearchParams;
  /** Of the body. */
  readonly form: URLSearchParams;
}

export interface ProxiedAnswer {
  readonly status: number;
  readonly body: object;
}

/** An answer of Prometheus' HTTP API to a query. */
export interface QueryAnswer {
  readonly status: string;
  readonly data?: { readonly resultType: string; readonly result: readonly object[] };
  readonly warnings?: readonly string[];
}

/** How a product differs from Prometheus, by its documentation. */
export interface Dialect {
  readonly name: string;
  /** The path before `/api/v1`. */
  readonly prefix: string;
  readonly tls?: ServerOptions;
  /** What it answers in place of the data. */
  readonly refuse?: (request: ProxiedRequest) => ProxiedAnswer | undefined;
  /** The query that it evaluates. */
  readonly rewrite?: (query: string) => string;
  /** What it makes of the answer. */
  readonly change?: (answer: QueryAnswer) => QueryAnswer;
}

export interface StoreProxy {
  readonly url: string;
  close(): Promise<void>;
}

export interface ProxyOptions {
  /** A real Prometheus. */
  readonly upstream: string;
  readonly dialect: Dialect;
  /** How late it shows samples. */
  readonly lagMs: number;
}

/** Starts a server before a real Prometheus that acts as another product, and shows samples late. */
export async function startStoreProxy(options: ProxyOptions): Promise<StoreProxy> {
  const { dialect } = options;
  const handle = async (message: IncomingMessage): Promise<ProxiedAnswer> =>
    answerAs(await readRequest(message), options);
  const listener: RequestListener = (message, response) => {
    const send = ({ status, body }: ProxiedAnswer): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    // Whoever asked may have gone away, and the store behind may be down.
    handle(message).then(send, () => response.destroy());
  };
  const server = dialect.tls === undefined ? createServer(listener) : createSecureServer(dialect.tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    url: `${dialect.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}${dialect.prefix}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readRequest(message: IncomingMessage): Promise<ProxiedRequest> {
  let text = '';
  for await (const chunk of message) text += String(chunk);
  const { pathname: path, searchParams: parameters } = new URL(message.url ?? '', 'http://store');
  return { path, headers: message.headers, parameters, form: new URLSearchParams(text) };
}

async function answerAs(request: ProxiedRequest, { upstream, dialect, lagMs }: ProxyOptions): Promise<ProxiedAnswer> {
  const refusal = request.path === `${dialect.prefix}/api/v1/query` ? dialect.refuse?.(request) : notFound;
  if (refusal !== undefined) return refusal;
  const nowMs = Date.now();
  const asked = request.form.get('query') ?? '';
  const query = dialect.rewrite?.(asked) ?? asked;
  const time = request.form.get('time');
  const shownMs = nowMs - lagMs;
  const evaluated = query.endsWith(']')
    ? Number(time)
    : Math.min(time === null ? nowMs / 1000 : Number(time), shownMs / 1000);
  const isClock = asked === 'vector(time())';
  const body = new URLSearchParams({ query, ...(isClock ? {} : { time: evaluated.toFixed(3) }) });
  const response = await fetch(`${upstream}/api/v1/query`, { method: 'POST', body });
  // The HTTP API of Prometheus answers so.
  const whole = withoutLater((await response.json()) as QueryAnswer, shownMs);
  return { status: response.status, body: dialect.change?.(whole) ?? whole };
}

const notFound: ProxiedAnswer = { status: 404, body: { status: 'error', error: 'page not found' } };

interface Matrix {
  readonly values?: readonly (readonly [number, string])[];
  readonly histograms?: readonly (readonly [number, object])[];
}

/** The answer without the samples that have not shown yet. */
function withoutLater(answer: QueryAnswer, shownMs: number): QueryAnswer {
  const { data } = answer;
  if (data?.resultType !== 'matrix') return answer;
  const isShown = ([seconds]: readonly [number, unknown]): boolean => seconds * 1000 <= shownMs;
  const result = data.result.flatMap((series: Matrix) => {
    const values = series.values?.filter(isShown) ?? [];
    const histograms = series.histograms?.filter(isShown) ?? [];
    if (values.length + histograms.length === 0) return [];
    const { values: _values, histograms: _histograms, ...rest } = series;
    return [{ ...rest, ...(values.length > 0 ? { values } : {}), ...(histograms.length > 0 ? { histograms } : {}) }];
  });
  return { ...answer, data: { ...data, result } };
}
