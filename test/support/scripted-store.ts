import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A moment of a series and what is there; it shows when it was taken, or at `shownMs`. Epoch ms by the store's clock. */
export type Scripted<T> = readonly [atMs: number, value: T, shownMs?: number];

/** A series that a scripted store has; native histograms as the HTTP API writes them. */
export interface ScriptedSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples?: readonly Scripted<number>[];
  readonly histograms?: readonly Scripted<object>[];
  /** From when on it is marked as ended; without it, it only grows old. */
  readonly ended?: { readonly atMs: number; readonly shownMs: number };
}

/** A request as the store got it. */
export interface StoreRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: string;
  /** The time of evaluation: the store's now where the request says none. */
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
  /** The store's clock. */
  nowMs: number;
  /** Forgets all samples until a moment, as a store whose disk was lost. */
  forget(untilMs: number): void;
  close(): Promise<void>;
}

export interface StoreScript {
  readonly series?: readonly ScriptedSeries[];
  /** The store's clock, which stands still; the clock of the machine if absent. */
  readonly nowMs?: number;
  /** Fields beside `status` and `data` of each answer. */
  readonly beside?: object;
  /** Answers instead of the series where it is not undefined. */
  readonly answer?: (request: StoreRequest) => ScriptedAnswer | undefined;
  /** Speaks HTTPS with these. */
  readonly tls?: ServerOptions;
}

/**
 * Starts a store that answers the questions of serin from its series as Prometheus does; a query of another form is refused
 * as by a parser.
 */
export async function startScriptedStore(script: StoreScript): Promise<ScriptedStore> {
  const requests: StoreRequest[] = [];
  let { nowMs } = script;
  let forgottenMs = -Infinity;
  const handle: RequestListener = (request, response) => {
    const clockMs = nowMs ?? Date.now();
    const send = (asked: StoreRequest): void => {
      requests.push(asked);
      const own = script.answer?.(asked);
      const { status = 200, body } = own ?? answerFrom(script, { ...asked, nowMs: clockMs, forgottenMs });
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };
    // Whoever asked may have gone away.
    readRequest(request, clockMs).then(send, () => response.destroy());
  };
  const server = script.tls === undefined ? createServer(handle) : createSecureServer(script.tls, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    url: `${script.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    get nowMs() {
      return nowMs ?? Date.now();
    },
    set nowMs(value) {
      nowMs = value;
    },
    forget: (untilMs) => {
      forgottenMs = untilMs;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readRequest(request: IncomingMessage, nowMs: number): Promise<StoreRequest> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const form = new URLSearchParams(text);
  const [query, time] = [form.get('query') ?? '', form.get('time')];
  const atMs = time === null ? nowMs : Math.round(Number(time) * 1000);
  return { path: request.url ?? '', headers: request.headers, query, atMs };
}

/** A question, and what the store shows when it is asked. */
interface View extends Pick<StoreRequest, 'query' | 'atMs'> {
  readonly nowMs: number;
  readonly forgottenMs: number;
}

function answerFrom({ series = [], beside = {} }: StoreScript, view: View): ScriptedAnswer {
  const data = evaluate(series, view);
  if (data !== undefined) return { body: JSON.stringify({ status: 'success', data, ...beside }) };
  return { status: 400, body: JSON.stringify({ status: 'error', error: `parse error: ${view.query}` }) };
}

interface Data {
  readonly resultType: 'matrix' | 'vector';
  readonly result: readonly object[];
}

/** The questions that serin asks, and no others. */
function evaluate(series: readonly ScriptedSeries[], view: View): Data | undefined {
  const { query, atMs } = view;
  if (query === 'vector(time())') return number(view, [atMs / 1000]);
  const [, value = '', counted = '', subRangeMs] =
    /^(timestamp|histogram_count)\((.*)\)\[(\d+)ms:\d+ms\]$/.exec(query) ?? [];
  if (subRangeMs !== undefined)
    return evaluateNativeRange(series, view, { value, counted, rangeMs: Number(subRangeMs) });
  const [, asked = '', text = query] =
    /^(count|max\(timestamp|timestamp)\((?:count_over_time\()?(.*?)\)+$/.exec(query) ?? [];
  const selector = parseSelector(text);
  if (selector === undefined) return undefined;
  const found = series.filter(({ labels }) => selector.fits(labels));
  if (selector.rangeMs === undefined) return evaluateNow(asked, found, view);
  const result = selectRange(found, view, selector.rangeMs);
  return asked === 'count'
    ? number(view, result.length === 0 ? [] : [result.length])
    : { resultType: 'matrix', result };
}

function evaluateNow(asked: string, series: readonly ScriptedSeries[], view: View): Data {
  const latest = selectNow(series, view);
  if (latest.length === 0) return { resultType: 'vector', result: [] };
  if (asked === 'count') return number(view, [latest.length]);
  if (asked === 'timestamp') {
    const times = latest.map(({ labels: { __name__: _, ...metric }, sample: [atMs] }) => {
      return { metric, value: [view.atMs / 1000, String(atMs / 1000)] };
    });
    return { resultType: 'vector', result: times };
  }
  if (asked !== '') return number(view, [Math.max(...latest.map(({ sample: [atMs] }) => atMs)) / 1000]);
  const result = latest.map(({ labels, sample: [, value] }) => {
    const seconds = view.atMs / 1000;
    if (typeof value === 'object') return { metric: labels, histogram: [seconds, value] };
    return { metric: labels, value: [seconds, String(value)] };
  });
  return { resultType: 'vector', result };
}

interface NativeRange {
  /** What is asked of each sample: `timestamp` or `histogram_count`. */
  readonly value: string;
  readonly counted: string;
  readonly rangeMs: number;
}

/** As subqueries whose steps are at the samples themselves. */
function evaluateNativeRange(
  series: readonly ScriptedSeries[],
  view: View,
  { value, counted, rangeMs }: NativeRange,
): Data | undefined {
  const selector = parseSelector(counted);
  if (selector === undefined) return undefined;
  const fromMs = Math.max(view.atMs - rangeMs, view.forgottenMs);
  const result = series
    .filter(({ labels }) => selector.fits(labels))
    .flatMap(({ labels, histograms = [] }) => {
      const { __name__: _, ...metric } = labels;
      const values = shownAfter(histograms, view, fromMs).map(([atMs, histogram]) => {
        return [
          atMs / 1000,
          value === 'timestamp' ? String(atMs / 1000) : 'count' in histogram ? String(histogram.count) : '',
        ];
      });
      return values.length === 0 ? [] : [{ metric, values }];
    });
  return { resultType: 'matrix', result };
}

function number({ atMs }: View, values: readonly number[]): Data {
  return { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [atMs / 1000, String(value)] })) };
}

function selectRange(series: readonly ScriptedSeries[], view: View, rangeMs: number): readonly object[] {
  const fromMs = Math.max(view.atMs - rangeMs, view.forgottenMs);
  return series.flatMap(({ labels, samples = [], histograms = [] }) => {
    const values = shownAfter(samples, view, fromMs).map(([atMs, value]) => [atMs / 1000, String(value)]);
    const shapes = shownAfter(histograms, view, fromMs).map(([atMs, value]) => [atMs / 1000, value]);
    if (values.length + shapes.length === 0) return [];
    return [
      {
        metric: labels,
        ...(values.length > 0 ? { values } : {}),
        ...(shapes.length > 0 ? { histograms: shapes } : {}),
      },
    ];
  });
}

function shownAfter<T>(samples: readonly Scripted<T>[], view: View, fromMs: number): readonly Scripted<T>[] {
  // Most questions are about the end of a long history.
  const lastOld = samples.findLastIndex(([atMs]) => atMs <= fromMs);
  return samples.slice(lastOld + 1).filter((sample) => isShown(sample, view));
}

function isShown<T>([sampleMs, , shownMs = sampleMs]: Scripted<T>, { atMs, nowMs }: View): boolean {
  return sampleMs <= atMs && shownMs <= nowMs;
}

interface LatestSample {
  readonly labels: ScriptedSeries['labels'];
  readonly sample: Scripted<number | object>;
}

/** Prometheus' look-back, for selectors without a range. */
const lookbackMs = 300_000;

function selectNow(series: readonly ScriptedSeries[], view: View): readonly LatestSample[] {
  const { atMs, nowMs, forgottenMs } = view;
  return series.flatMap(({ labels, samples = [], histograms = [], ended }) => {
    const all: readonly Scripted<number | object>[] = samples.length === 0 ? histograms : samples;
    const sample = all.findLast((one) => isShown(one, view));
    if (sample === undefined || sample[0] <= Math.max(atMs - lookbackMs, forgottenMs)) return [];
    const hasEnded = ended !== undefined && ended.shownMs <= nowMs && ended.atMs <= atMs && ended.atMs > sample[0];
    return hasEnded ? [] : [{ labels, sample }];
  });
}

interface Selector {
  readonly fits: (labels: ScriptedSeries['labels']) => boolean;
  readonly rangeMs?: number;
}

function parseSelector(text: string): Selector | undefined {
  const [whole, name = '', matchers = '', range] = /^(\w*)(?:\{(.*)\})?(?:\[(\d+)ms\])?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const fits = matchAll([...(name === '' ? [] : [`__name__="${name}"`]), ...splitMatchers(matchers)]);
  return range === undefined ? { fits } : { fits, rangeMs: Number(range) };
}

function splitMatchers(text: string): readonly string[] {
  return text.match(/(?:\w+|"[\w.]+")(?:=~|!~|!=|=)"(?:[^"\\]|\\.)*"/g) ?? [];
}

function matchAll(matchers: readonly string[]): Selector['fits'] {
  const conditions = matchers.map((text) => {
    const [, label = '', operator = '', quoted = '""'] = /^"?([\w.]+)"?(=~|!~|!=|=)(.*)$/s.exec(text) ?? [];
    const wanted = String(JSON.parse(quoted));
    const pattern = operator.includes('~') ? new RegExp(`^(?:${wanted})$`) : undefined;
    const isEqual = (got: string): boolean => pattern?.test(got) ?? got === wanted;
    return (labels: ScriptedSeries['labels']) => isEqual(labels[label] ?? '') !== operator.startsWith('!');
  });
  return (labels) => conditions.every((condition) => condition(labels));
}
