import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { defined } from '../../core/text/defined.ts';

/** What becomes of a request. */
export type GateMode =
  | { readonly kind: 'pass' }
  /** It stays without an answer. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  /** It is handed on so much later. */
  | { readonly kind: 'delay'; readonly delayMs: number };

/** A way to a server that can be held up, or answers something else. */
export interface HttpGate {
  readonly url: string;
  /** What becomes of the requests from now on; those that hang stay so. */
  set(mode: GateMode): void;
}

/** Starts a gate before a server; it ends with this process. */
export async function startHttpGate(upstream: string): Promise<HttpGate> {
  let mode: GateMode = { kind: 'pass' };
  const server = createServer((message, response) => {
    const send = ({ status, body }: Answer): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };
    const unavailable = (error: unknown): void => send({ status: 502, body: String(error) });
    switch (mode.kind) {
      case 'hang':
        return;
      case 'answer':
        return send(mode);
      case 'delay':
        return void delay(mode.delayMs).then(() => ask(upstream, message).then(send, unavailable));
      case 'pass':
        return void ask(upstream, message).then(send, unavailable);
    }
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve).unref();
  await promise;
  // A TCP server has an address of this kind once it listens.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, set: (next) => void (mode = next) };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function ask(upstream: string, message: IncomingMessage): Promise<Answer> {
  const { method = 'GET', url = '/', headers } = message;
  const sent = method === 'POST' && {
    body: await text(message),
    headers: defined({ 'content-type': headers['content-type'] }),
  };
  const answer = await fetch(new URL(url, upstream), { method, ...sent });
  return { status: answer.status, body: await answer.text() };
}
