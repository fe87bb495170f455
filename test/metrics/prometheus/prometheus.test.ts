import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectPrometheus } from '../../../metrics/prometheus/prometheus.ts';
import { Unmeasured } from '../../../metrics/unmeasured.ts';
import { type PrometheusServer, startPrometheus } from '../../support/prometheus-server.ts';

const never = new AbortController().signal;

function ask(baseUrl: string, { query = 'up', signal = never, limitMs = 10_000 } = {}) {
  return connectPrometheus({ baseUrl, signal, limitMs }).ask({ query, atMs: 1_700_000_000_000 });
}

async function rejection(answer: Promise<unknown>): Promise<{ kind: string; reason: string }> {
  const error: unknown = await answer.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Unmeasured)) throw new Error('expected Unmeasured', { cause: error });
  return { kind: error.kind, reason: error.message };
}

describe('a real Prometheus', () => {
  let prometheus: PrometheusServer;
  beforeAll(async () => {
    prometheus = await startPrometheus();
  });
  afterAll(() => prometheus.remove());

  test('answers with labels and samples in milliseconds', async () => {
    const query = 'label_replace(vector(1.5), "name", "value", "", "")';
    const samples = [{ atMs: 1_700_000_000_000, value: 1.5 }];
    expect(await ask(prometheus.url, { query })).toEqual([{ labels: { name: 'value' }, samples }]);
  });

  test('reads infinite values', async () => {
    const [series] = await ask(prometheus.url, { query: 'vector(-1/0)' });
    expect(series?.samples[0]?.value).toBe(-Infinity);
  });

  test('refuses a question that it does not understand: an error with its message', async () => {
    expect(await rejection(ask(prometheus.url, { query: 'up{' }))).toEqual({
      kind: 'error',
      reason: expect.stringMatching(
        /^Prometheus at http:\/\/127\.0\.0\.1:\d+\/api\/v1\/query answered HTTP 400: .*parse error: unexpected end of input/,
      ) as string,
    });
  });

  test('is not found under a wrong URL: an error with the status', async () => {
    expect(await rejection(ask(`${prometheus.url}/wrong/`))).toEqual({
      kind: 'error',
      reason: `Prometheus at ${prometheus.url}/wrong/api/v1/query answered HTTP 404: 404 page not found`,
    });
  });
});

describe('what stands before Prometheus, or in its place', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const started = createServer(handle);
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    // A server that listens on TCP has an address of this form.
    return `127.0.0.1:${(started.address() as AddressInfo).port}`;
  }

  function answering(status: number, body: string) {
    return serve((_, response) => response.writeHead(status).end(body));
  }

  test.each([
    { status: 500, body: 'boom', kind: 'blind', detail: 'answered HTTP 500: boom' },
    { status: 503, body: '{"status":"error","error":"query timed out"}', kind: 'blind', detail: 'query timed out' },
    { status: 429, body: 'slow down', kind: 'blind', detail: 'answered HTTP 429: slow down' },
    { status: 422, body: '{"status":"error","error":"too many samples"}', kind: 'error', detail: 'too many samples' },
    { status: 403, body: '', kind: 'error', detail: 'answered HTTP 403: no text; nothing says who asks: set ' },
    { status: 200, body: '<html>\n  Sign in</html>', kind: 'error', detail: 'check the URL: <html> Sign in</html>' },
    {
      status: 200,
      body: '{"status":"success","data":{"resultType":"vector","result":[]},"warnings":["store 2 is down"]}',
      kind: 'blind',
      detail: 'answered in part: store 2 is down',
    },
    {
      status: 200,
      body: '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[[1,{}]]}]}}',
      kind: 'error',
      detail: 'expected float samples',
    },
    ...['', ' ', '0x10', '1,5', '1_000', 'null'].map((value) => ({
      status: 200,
      body: `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"${value}"]}]}}`,
      kind: 'error',
      detail: `expected float samples: [1,"${value}"]`,
    })),
  ])('HTTP $status with $body is $kind', async ({ status, body, kind, detail }) => {
    const failure = await rejection(ask(`http://${await answering(status, body)}`));
    expect(failure.kind).toBe(kind);
    expect(failure.reason).toContain(detail);
  });

  test('shows only the beginning of a long answer', async () => {
    const { reason } = await rejection(ask(`http://${await answering(500, 'x'.repeat(10_000))}`));
    expect(reason.length).toBeLessThan(400);
  });

  test.each([false, true])('is not read beyond the limit of an answer, packed: %s', async (isPacked) => {
    const endless = Buffer.alloc(3 * 1024 * 1024, 'x');
    const body = isPacked ? gzipSync(endless) : endless;
    const url = await serve((_, response) => {
      response.writeHead(200, isPacked ? { 'content-encoding': 'gzip' } : {}).end(body);
    });
    const limits = { limitMs: 10_000, limitBytes: 1024 * 1024 };
    const asked = connectPrometheus({ baseUrl: `http://${url}`, signal: never, ...limits }).ask({ query: 'up' });
    expect((await rejection(asked)).reason).toMatch(/: the answer has more than 1 MiB$/);
  });

  test('is blind when there is no answer within the limit', async () => {
    const address = await serve(() => {});
    expect(await rejection(ask(`http://${address}`, { limitMs: 100 }))).toEqual({
      kind: 'blind',
      reason: `Prometheus at http://${address}/api/v1/query: no answer within 0.1 s`,
    });
  });

  test('is blind when the connection breaks', async () => {
    const address = await serve((request) => request.socket.destroy());
    const failure = await rejection(ask(`http://${address}`));
    expect(failure).toEqual({
      kind: 'blind',
      reason: `Prometheus at http://${address}/api/v1/query: socket hang up`,
    });
  });

  test("rethrows the caller's abort, which is no outage", async () => {
    const controller = new AbortController();
    const cancelled = new Error('activity cancelled');
    const address = await serve(() => controller.abort(cancelled));
    await expect(ask(`http://${address}`, { signal: controller.signal })).rejects.toBe(cancelled);
  });

  test('sends credentials of the URL as basic authentication, and never shows them', async () => {
    let authorization: string | undefined;
    const address = await serve((request, response) => {
      authorization = request.headers.authorization;
      response.writeHead(500).end('down');
    });
    const { reason } = await rejection(ask(`http://serin:p%40ss@${address}/prometheus`));
    expect(authorization).toBe(`Basic ${Buffer.from('serin:p@ss').toString('base64')}`);
    expect(reason).toBe(`Prometheus at http://${address}/prometheus/api/v1/query answered HTTP 500: down`);
  });
});
