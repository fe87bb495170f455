import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A series that a scripted store has: samples as `[epoch ms, value]`, or native histograms as the HTTP API writes them. */
export interface ScriptedSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples?: readonly (readonly [atMs: number, value: number])[];
  readonly histograms?: readonly (readonly [atMs: number, histogram: object])[];
}

/** A request as the store got it. */
export interface StoreRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: string;
  readonly atMs: number;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly body: string;
}

/** A store of Prometheus' HTTP API that answers what a test says; closed by `close`. */
export interface ScriptedStore {
  readonly url: string;
  readonly requests: readonly StoreRequest[];
  close(): Promise<void>;
}

export interface StoreScript {
  readonly series?: readonly ScriptedSeries[];
  /** Fields beside `status` and `data` of each answer. */
  readonly beside?: object;
  /** Answers instead of the series where it is not undefined. */
  readonly answer?: (request: StoreRequest) => ScriptedAnswer | undefined;
  /** Speaks HTTPS with these. */
  readonly tls?: ServerOptions;
}

/**
 * Starts a store that answers selectors with a range, and `count(…)` of selectors, from its series as Prometheus does; a query of
 * another form is refused as by a parser.
 */
export async function startScriptedStore(script: StoreScript): Promise<ScriptedStore> {
  const requests: StoreRequest[] = [];
  const handle: RequestListener = (request, response) => {
    void readRequest(request).then((asked) => {
      requests.push(asked);
      const { status = 200, body } = script.answer?.(asked) ?? answerFrom(script, asked);
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  };
  const server = script.tls === undefined ? createServer(handle) : createSecureServer(script.tls, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    url: `${script.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readRequest(request: IncomingMessage): Promise<StoreRequest> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const form = new URLSearchParams(text);
  const [query, time] = [form.get('query') ?? '', Number(form.get('time') ?? 0)];
  return { path: request.url ?? '', headers: request.headers, query, atMs: Math.round(time * 1000) };
}

const selector = /^(\w*)(?:\{(.*)\})?(?:\[(\d+)ms\])?$/;

/** Prometheus' look-back, for selectors without a range. */
const lookbackMs = 300_000;

function answerFrom({ series = [], beside = {} }: StoreScript, { query, atMs }: StoreRequest): ScriptedAnswer {
  const [, counted] = /^count\((?:count_over_time\()?(.*?)\)+$/.exec(query) ?? [];
  const [whole, name = '', conditions = '', range] = selector.exec(counted ?? query) ?? [];
  if (whole === undefined)
    return { status: 400, body: JSON.stringify({ status: 'error', error: `parse error: ${query}` }) };
  const rangeMs = range === undefined ? lookbackMs : Number(range);
  const isFound = matchAll([...(name === '' ? [] : [`__name__="${name}"`]), ...splitMatchers(conditions)]);
  const isInside = ([at]: readonly [number, unknown]): boolean => at > atMs - rangeMs && at <= atMs;
  const found = series
    .filter(({ labels }) => isFound(labels))
    .flatMap(({ labels, samples = [], histograms = [] }) => {
      const values = samples.filter(isInside).map(([at, value]) => [at / 1000, String(value)]);
      const shapes = histograms.filter(isInside).map(([at, value]) => [at / 1000, value]);
      if (values.length + shapes.length === 0) return [];
      return [
        {
          metric: labels,
          ...(values.length > 0 ? { values } : {}),
          ...(shapes.length > 0 ? { histograms: shapes } : {}),
        },
      ];
    });
  const number = found.length === 0 ? [] : [{ metric: {}, value: [atMs / 1000, String(found.length)] }];
  const data =
    counted === undefined ? { resultType: 'matrix', result: found } : { resultType: 'vector', result: number };
  return { body: JSON.stringify({ status: 'success', data, ...beside }) };
}

function splitMatchers(text: string): readonly string[] {
  return text.match(/(?:\w+|"[\w.]+")(?:=~|!~|!=|=)"(?:[^"\\]|\\.)*"/g) ?? [];
}

function matchAll(matchers: readonly string[]): (labels: Readonly<Record<string, string>>) => boolean {
  const conditions = matchers.map((text) => {
    const [, label = '', operator = '', quoted = '""'] = /^"?([\w.]+)"?(=~|!~|!=|=)(.*)$/s.exec(text) ?? [];
    const wanted = String(JSON.parse(quoted));
    const isEqual = (got: string): boolean =>
      operator.includes('~') ? new RegExp(`^(?:${wanted})$`).test(got) : got === wanted;
    return (labels: Readonly<Record<string, string>>) => isEqual(labels[label] ?? '') !== operator.startsWith('!');
  });
  return (labels) => conditions.every((condition) => condition(labels));
}
