import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { defined } from '../../core/text/defined.ts';

/** A way to Prometheus that can be held up. */
export interface MetricsGate {
  readonly url: string;
  /** From now on questions stay without an answer. */
  hang(): void;
  /** From now on questions are handed on again; those that hang stay so. */
  goOn(): void;
}

/** Starts a gate before a Prometheus; it ends with this process. */
export async function startMetricsGate(upstream: string): Promise<MetricsGate> {
  let isHanging = false;
  const server = createServer((message, response) => {
    if (isHanging) return;
    void ask(upstream, message).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve).unref();
  await promise;
  // A TCP server has an address of this kind once it listens.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    hang: () => void (isHanging = true),
    goOn: () => void (isHanging = false),
  };
}

async function ask(upstream: string, message: IncomingMessage): Promise<{ status: number; body: string }> {
  const { method = 'GET', url = '/', headers } = message;
  const type = headers['content-type'];
  const answer = await fetch(new URL(url, upstream), {
    method,
    ...(method === 'POST' ? { body: await text(message), headers: defined({ 'content-type': type }) } : {}),
  });
  return { status: answer.status, body: await answer.text() };
}
