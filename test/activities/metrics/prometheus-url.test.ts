import { afterEach, expect, test } from 'vitest';
import { requestText } from '../../../activities/http/request-text.ts';
import { queryMistakes } from '../../../activities/metrics/defined-metrics.ts';
import { readMetric } from '../../../activities/metrics/read-metric.ts';
import type { MetricSource } from '../../../core/experiment/metric-definition.ts';
import type { MetricBackEnds } from '../../../metrics/providers/provider.ts';
import { startScriptedStore } from '../../support/scripted-store.ts';
import type { ScriptedStore, StoreRequest } from '../../support/scripted-store.ts';

let store: ScriptedStore | undefined;
afterEach(() => store?.close());

const { signal } = new AbortController();
const version = { name: 'candidate', variables: {} };

const backEnds: MetricBackEnds = {
  prometheusUrl: 'http://127.0.0.1:1',
  readSecret: async () => undefined,
  request: (request) => requestText({ ...request, allowedHosts: ['*'], namespace: 'shop' }),
};

async function answering(body: object, status = 200): Promise<ScriptedStore> {
  store = await startScriptedStore({ answer: () => ({ status, body: JSON.stringify(body) }) });
  return store;
}

function vector(...values: readonly string[]): { readonly status: 'success'; readonly data: object } {
  return {
    status: 'success',
    data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) },
  };
}

function metric(source: MetricSource) {
  return { namespace: 'shop', name: 'clicks', type: 'gauge', source } as const;
}

function read(source: MetricSource) {
  return readMetric({ definition: metric(source), version, elapsedMs: 30_000, nowMs: 1_000_000, signal }, backEnds);
}

test('a metric with a URL of its own is asked there, at its own now', async () => {
  let asked: StoreRequest | undefined;
  store = await startScriptedStore({
    answer: (request) => {
      asked = request;
      return { body: JSON.stringify(vector('7')) };
    },
  });
  const url = `${store.url.replace('//', '//serin:secret@')}/prefix/?tenant=a`;
  expect(await read({ kind: 'prometheus', query: 'sum(x[$interval])', url })).toEqual({ kind: 'value', value: 7 });
  expect(asked?.path).toBe('/prefix/api/v1/query?tenant=a&query=sum%28x%5B30s%5D%29');
  expect(asked?.headers.authorization).toBe(`Basic ${Buffer.from('serin:secret').toString('base64')}`);
});

interface ExpectedReading {
  readonly kind: string;
  readonly value?: number;
  readonly reason?: string | RegExp;
}

const readings: readonly (readonly [body: object, status: number, expected: ExpectedReading])[] = [
  [vector('NaN'), 200, { kind: 'unavailable', reason: 'Prometheus answers NaN' }],
  [vector(), 200, { kind: 'unavailable', reason: 'Prometheus has no series for it' }],
  [
    { ...vector('7'), warnings: ['store 2 is down'] },
    200,
    { kind: 'blind', reason: /answered in part: store 2 is down$/ },
  ],
  [{ ...vector('7'), isPartial: true }, 200, { kind: 'blind', reason: /answered in part: isPartial is true$/ }],
  [{ ...vector('7'), warnings: ['PromQL info: no counter'] }, 200, { kind: 'value', value: 7 }],
  [
    { ...vector('7'), warnings: ['PromQL warning: no le'] },
    200,
    { kind: 'unavailable', reason: /doubts the query: PromQL warning: no le$/ },
  ],
  [
    { error: 'who?' },
    401,
    { kind: 'unavailable', reason: /HTTP 401: who\?; a metric with `prometheus\.url` is asked with/ },
  ],
  [{ error: 'busy' }, 503, { kind: 'blind', reason: /HTTP 503: busy$/ }],
  [
    { status: 'success', data: { result: [{ metric: {}, histogram: [1, { count: '1', sum: '1' }] }] } },
    200,
    { kind: 'unavailable', reason: /a histogram; make a number of it in the query$/ },
  ],
];

test.each(readings)('%o with HTTP %i is read as by the reader of request metrics', async (body, status, expected) => {
  const { url } = await answering(body, status);
  const { reason } = expected;
  const words = typeof reason === 'object' ? { reason: expect.stringMatching(reason) as string } : {};
  expect(await read({ kind: 'prometheus', query: 'x', url })).toEqual({ ...expected, ...words });
});

test("an answer in part is no value of iter8's metrics either, which read it with jq", async () => {
  const { url } = await answering({ ...vector('7'), warnings: ['store 2 is down'] });
  const source = {
    kind: 'http',
    method: 'GET',
    headers: [],
    params: [],
    jqExpression: '.data.result[0].value[1]',
  } as const;
  expect(await read({ ...source, urlTemplate: `${url}/api/v1/query` })).toEqual({
    kind: 'blind',
    reason: 'the back end answered in part: store 2 is down',
  });
});

test('a mistake in a query is known before the run, an absent series or back end is none', async () => {
  const mistakes = (source: MetricSource) =>
    queryMistakes({ clicks: metric(source) }, [version, { ...version, name: 'baseline' }], {
      backEnds,
      nowMs: 1,
      signal,
    });
  const wrong = await answering({ status: 'error', error: 'parse error: unexpected end of input' }, 400);
  expect(await mistakes({ kind: 'prometheus', query: 'sum(', url: wrong.url })).toEqual([
    `metric clicks: Prometheus at ${wrong.url}/api/v1/query answered HTTP 400: parse error: unexpected end of input`,
  ]);
  await wrong.close();
  expect(await mistakes({ kind: 'prometheus', query: 'x', url: wrong.url })).toEqual([]);
  const { url } = await answering(vector());
  expect(await mistakes({ kind: 'prometheus', query: 'x', url })).toEqual([]);
});
