import { withTimeLimit } from '../../metrics/time-limit.ts';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { drawChance } from '../faults/fault.ts';
import type { Fault } from '../faults/fault.ts';
import { listen, type Listening } from '../processes/listen.ts';

export interface PodServerOptions {
  readonly body: string;
  /** Knative's limit for one request: the revision's `timeoutSeconds`. */
  readonly timeoutMs: number;
  /** The current faults. */
  readonly faults: () => readonly Fault[];
  /** Called for every request that has ended, with its status and how long it took. */
  readonly record: (status: number, durationMs: number) => void;
}

/**
 * A pod of a revision: the queue-proxy, which measures, and the application behind it, in one HTTP server.
 *
 * As in Knative's queue-proxy, a caller that goes away counts as 502 and a request beyond the time limit as 504.
 */
export function startPodServer(options: PodServerOptions): Promise<Listening> {
  const server = createServer((request, response) => {
    void serve(options, request, response);
  });
  // A connection is kept as long as the gateway wants it: closing one under a request would lose the request.
  server.keepAliveTimeout = 0;
  return listen(server);
}

async function serve(options: PodServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const startedAt = performance.now();
  const callerLeft = new AbortController();
  response.once('close', () => callerLeft.abort());
  request.resume();
  const status = await answerStatus(options, callerLeft.signal);
  options.record(status, performance.now() - startedAt);
  if (!response.writable) return;
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(status === 200 ? `${options.body}\n` : `status ${status}\n`);
}

async function answerStatus({ faults, timeoutMs }: PodServerOptions, callerLeft: AbortSignal): Promise<number> {
  try {
    return await application(faults(), withTimeLimit(callerLeft, timeoutMs));
  } catch {
    return callerLeft.aborted ? 502 : 504;
  }
}

async function application(faults: readonly Fault[], signal: AbortSignal): Promise<number> {
  let status = 200;
  for (const fault of faults) {
    switch (fault.kind) {
      case 'errors':
        if (drawChance(fault) < fault.rate) status = fault.status ?? 500;
        break;
      case 'latency':
        await delay(Math.max(0, fault.addedMs + (fault.spreadMs ?? 0) * (2 * Math.random() - 1)), undefined, {
          signal,
        });
        break;
      case 'hang':
        if (Math.random() < (fault.rate ?? 1)) await aborted(signal);
        break;
      case 'unready':
      case 'crash':
        // The pod's status says so, and the gateway sends nothing here.
        break;
    }
  }
  return status;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new Error('the request ended without an answer'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
