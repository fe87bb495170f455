import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { requestText } from '../../../activities/http/request-text.ts';

const servers: { close: () => void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server on a free port: its URL. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push({ close: () => (server.closeAllConnections(), server.close()) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function ask(url: string, others: Partial<Parameters<typeof requestText>[0]> = {}) {
  const { signal } = new AbortController();
  return requestText({ url, method: 'GET', headers: {}, limitMs: 5_000, signal, allowedHosts: ['*'], ...others });
}

test('sends method, headers and body, and answers status and text', async () => {
  const url = await serve((request, response) => {
    request.setEncoding('utf8');
    let body = '';
    request.on('data', (part: string) => (body += part));
    request.on('end', () =>
      response.writeHead(418).end(`${request.method} ${String(request.headers['x-key'])} ${body}`),
    );
  });
  const answer = await ask(`${url}/api`, { method: 'POST', headers: { 'X-Key': 'k' }, body: '{"é": 1}' });
  expect(answer).toEqual({ status: 418, text: 'POST k {"é": 1}' });
});

test('does not follow a redirect', async () => {
  const url = await serve((_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end());
  expect((await ask(url)).status).toBe(302);
});

test('has a limit for the whole answer, and tells no more of the URL than its host', async () => {
  const url = await serve((_, response) => void response.writeHead(200).write('a beginning'));
  const host = new URL(url).host;
  await expect(ask(`${url}/path?key=secret`, { limitMs: 200 })).rejects.toMatchObject({
    kind: 'unreachable',
    message: `${host}: no answer within 0.2 s`,
  });
});

test('takes no answer without end', async () => {
  const url = await serve((_, response) => response.end(Buffer.alloc(5 * 1024 * 1024)));
  await expect(ask(url)).rejects.toMatchObject({ kind: 'refused', message: 'the answer is larger than 4 MiB' });
});

test('rethrows the abort of its caller', async () => {
  const url = await serve(() => {});
  const controller = new AbortController();
  const answer = ask(url, { signal: controller.signal });
  controller.abort(new Error('cancelled'));
  await expect(answer).rejects.toThrow('cancelled');
});

test('refuses hosts that are not allowed before it connects', async () => {
  await expect(ask('http://metrics.test/?key=secret', { allowedHosts: ['other.test'] })).rejects.toMatchObject({
    kind: 'refused',
    message: 'metrics.test is not among the hosts that the worker may call',
  });
});

test('says that nobody listens', async () => {
  const url = await serve(() => {});
  for (const server of servers.splice(0)) server.close();
  await expect(ask(`${url}/secret`)).rejects.toMatchObject({
    kind: 'unreachable',
    message: expect.stringMatching(/^127\.0\.0\.1:\d+: connect ECONNREFUSED/),
  });
});

test('takes http and https only', async () => {
  await expect(ask('file:///etc/passwd')).rejects.toMatchObject({ kind: 'refused' });
});
