import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMetric } from '../../../activities/metrics/read-metric.ts';
import { requestText } from '../../../activities/http/request-text.ts';
import type { MetricBackEnds } from '../../../metrics/providers/provider.ts';
import type { HttpSource, MetricSource } from '../../../core/experiment/metric-definition.ts';

interface Call {
  readonly method: string | undefined;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A back end that remembers what it was asked, and answers what the test says. */
const backEnd = { url: '', calls: [] as Call[], answer: { status: 200, text: '{}' }, close: () => {} };

beforeAll(async () => {
  const server = createServer((request, response) => {
    request.setEncoding('utf8');
    let body = '';
    request.on('data', (part: string) => (body += part));
    request.on('end', () => {
      const { method, url: path = '', headers } = request;
      backEnd.calls.push({ method, path, headers, body });
      response.writeHead(backEnd.answer.status).end(backEnd.answer.text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  backEnd.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  backEnd.close = () => server.close();
});
afterAll(() => backEnd.close());

const secret = { namespace: 'default', name: 'credentials' };

function httpSource(others: Partial<HttpSource> = {}): HttpSource {
  return {
    kind: 'http',
    method: 'GET',
    urlTemplate: `${backEnd.url}/api`,
    headers: [],
    params: [],
    jqExpression: '.value | tonumber',
    ...others,
  };
}

interface Setting extends Partial<MetricBackEnds> {
  readonly allowedHosts?: readonly string[];
  readonly status?: number;
  readonly text?: string;
  readonly revision?: string;
}

const longToken = 'eyJhbGciOiJIUzI1NiJ9.'.padEnd(121, 'abcdefghij');

function read(source: MetricSource, setting: Setting = {}) {
  const {
    status = 200,
    text = '{"value": "1.5"}',
    allowedHosts = ['127.0.0.1'],
    revision = 'app-v2',
    ...others
  } = setting;
  backEnd.calls.length = 0;
  backEnd.answer = { status, text };
  const { signal } = new AbortController();
  const definition = { namespace: 'default', name: 'clicks', type: 'gauge', source } as const;
  const version = { name: 'candidate', variables: { revision } };
  const secrets = async () => ({ username: 'alice', password: 'wonderland\n', token: 'a-token', long: longToken });
  return readMetric(
    { definition, version, elapsedMs: 30_000, nowMs: Date.now(), signal },
    {
      prometheusUrl: backEnd.url,
      readSecret: secrets,
      request: (request) => requestText({ ...request, allowedHosts }),
      ...others,
    },
  );
}

describe('a metric over HTTP', () => {
  test('sends its parameters with the placeholders filled in, and reads its number by jq', async () => {
    const params = [{ name: 'q', value: "r='$revision' & since ${elapsedTime}s" }];
    expect(await read(httpSource({ params, urlTemplate: `${backEnd.url}/api?a=b` }))).toEqual({
      kind: 'value',
      value: 1.5,
    });
    const [call = expect.fail('no call')] = backEnd.calls;
    const { pathname, searchParams } = new URL(call.path, backEnd.url);
    expect({ method: call.method, pathname, asked: Object.fromEntries(searchParams) }).toEqual({
      method: 'GET',
      pathname: '/api',
      asked: { a: 'b', q: "r='app-v2' & since 30s" },
    });
  });

  test('posts its body as JSON', async () => {
    await read(httpSource({ method: 'POST', body: '{"version": "$name", "seconds": $elapsedTime}' }));
    const [call = expect.fail('no call')] = backEnd.calls;
    expect([call.method, call.headers['content-type'], call.body]).toEqual([
      'POST',
      'application/json',
      '{"version":"candidate","seconds":30}',
    ]);
  });

  test.each([
    ['Basic', 'Basic YWxpY2U6d29uZGVybGFuZA==', 'is $token'],
    ['Bearer', undefined, 'is a-token'],
    ['APIKey', undefined, 'is a-token'],
  ] as const)('uses its secret for %s as iter8 did', async (authType, authorization, key) => {
    const headers = [{ name: 'X-Key', value: 'is $token' }];
    await read(httpSource({ authType, secret, headers, urlTemplate: `${backEnd.url}/of/$username` }));
    const [call = expect.fail('no call')] = backEnd.calls;
    expect([call.path, call.headers.authorization, call.headers['x-key']]).toEqual(['/of/alice', authorization, key]);
  });

  test.each([
    [200, '{"value": "NaN"}', 'unavailable', /gives null, not a number/],
    [200, '{"value": null}', 'unavailable', /cannot be parsed as a number/],
    [200, 'sorry', 'unavailable', /^the answer is not JSON: sorry$/],
    [404, '{"value": 1}', 'unavailable', /^HTTP 404$/],
    [301, '', 'unavailable', /^HTTP 301, and redirects are not followed/],
    [429, '{"value": 1}', 'blind', /^HTTP 429$/],
    [503, '{"value": 1}', 'blind', /^HTTP 503$/],
  ] as const)('answered by HTTP %d with %s is %s', async (status, text, kind, reason) => {
    expect(await read(httpSource(), { status, text })).toEqual({ kind, reason: expect.stringMatching(reason) });
  });

  test('never shows its secret, not even where the back end repeats it', async () => {
    const source = httpSource({ authType: 'APIKey', secret, headers: [{ name: 'X-Key', value: '$token' }] });
    expect(await read(source, { text: 'no such key: a-token' })).toEqual({
      kind: 'unavailable',
      reason: 'the answer is not JSON: no such key: ***',
    });
    const unreachable = httpSource({ secret, urlTemplate: 'http://127.0.0.1:1/$token' });
    expect(await read(unreachable)).toMatchObject({ kind: 'blind', reason: expect.not.stringContaining('a-token') });
  });

  test.each([
    ['as the header has it', '"Basic YWxpY2U6d29uZGVybGFuZA=="'],
    ['longer than an excerpt', `"${longToken}"`],
    ['in what jq complains of', `{"value": "${longToken}"}`],
  ])('does not show a secret that is repeated %s', async (_, text) => {
    const source = httpSource({ secret, jqExpression: '.value | tonumber' });
    const reading = await read(source, { text });
    expect(reading).toMatchObject({ kind: 'unavailable', reason: expect.not.stringMatching(/YWxp|eyJh/) });
  });

  test.each<[string, Partial<HttpSource>, Setting, RegExp]>([
    [
      'a host that is not allowed',
      {},
      { allowedHosts: [] },
      /not among the hosts that this worker may talk to beside public ones \(SERIN_ALLOWED_HOSTS\): none$/,
    ],
    [
      'a variable that is a query of its own',
      { params: [{ name: 'q', value: 'sum($revision)' }] },
      { revision: 'x) or vector(42' },
      /^version candidate has a value of \$revision that could change the query: a value may have letters, /,
    ],
    [
      'an unknown placeholder',
      { params: [{ name: 'q', value: '$tenant' }] },
      {},
      /^nothing to put for \$tenant; version/,
    ],
    ['no secret', { secret }, { readSecret: async () => undefined }, /^secret default\/credentials does not exist$/],
    [
      'a secret without the key',
      { secret, urlTemplate: 'http://x/$nope' },
      {},
      /^secret default\/credentials has no key nope$/,
    ],
    ['a body that is not JSON', { method: 'POST', body: '{$name}' }, {}, /^its body is not JSON/],
  ])('with %s asks nothing, and says why', async (_, source, setting, reason) => {
    expect(await read(httpSource(source), setting)).toEqual({ kind: 'blind', reason: expect.stringMatching(reason) });
    expect(backEnd.calls).toEqual([]);
  });
});

test('a mocked metric has the level of its version', async () => {
  const levels = { candidate: 20 };
  expect(await read({ kind: 'mock', levels })).toMatchObject({ kind: 'value' });
  expect(await read({ kind: 'mock', levels: {} })).toEqual({
    kind: 'unavailable',
    reason: 'it is mocked, and has no level for version candidate',
  });
});

test('a Prometheus that does not answer is out of sight', async () => {
  expect(await read({ kind: 'prometheus', query: 'up' }, { status: 503 })).toMatchObject({ kind: 'blind' });
});
