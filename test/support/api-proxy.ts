import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { request as requestSecurely } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';

export interface ApiRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: Buffer;
}

/** A request that is stopped on its way to the API server. */
export interface HeldRequest {
  /** Settles when the request has been made. */
  readonly arrived: Promise<void>;
  /** Settles when nobody waits for its answer any more. */
  readonly abandoned: Promise<void>;
  /** Hands it to the API server, even if nobody waits for it any more, and returns the status of the answer. */
  letGo(): Promise<number>;
}

/** A way to the API server on which a test can stop single requests of one worker and of its helm. */
export interface ApiProxy {
  /** Path of a kubeconfig; the API server sees the worker's service account. */
  readonly kubeconfig: string;
  /** Everything that was asked of the API server so far, oldest first. */
  readonly requests: readonly ApiRequest[];
  /** Stops the next request that fulfils the condition; only that one. */
  hold(matches: (request: ApiRequest) => boolean): HeldRequest;
  /** Interferes with the next requests that fulfil the condition, so many `times`. */
  interfere(matches: (request: ApiRequest) => boolean, interference: Interference & { readonly times: number }): void;
}

/** What becomes of a request. */
export type Interference =
  /** It is answered as the API server would, and not handed on. */
  | { readonly kind: 'status'; readonly status: number }
  /** Its connection is cut, and it is not handed on. */
  | { readonly kind: 'reset' }
  /** It is handed on so much later. */
  | { readonly kind: 'delay'; readonly delayMs: number };

interface Interfering {
  readonly matches: (request: ApiRequest) => boolean;
  readonly interference: Interference;
  times: number;
}

interface Hold {
  readonly matches: (request: ApiRequest) => boolean;
  readonly arrived: PromiseWithResolvers<void>;
  readonly abandoned: PromiseWithResolvers<void>;
  readonly letGo: PromiseWithResolvers<void>;
  readonly answered: PromiseWithResolvers<number>;
}

/** Starts a proxy for one worker; it ends with this process. */
export async function startApiProxy(sandbox: Sandbox, name: string): Promise<ApiProxy> {
  const upstream = await connectUpstream(sandbox.workerKubeconfig);
  const holds = new Set<Hold>();
  const interfering: Interfering[] = [];
  const requests: ApiRequest[] = [];
  const route = { upstream, holds, interfering, requests };
  const port = await listen((request, response) => void forward(request, response, route));
  const kubeconfig = join(sandbox.stateDirectory, `${name}-kubeconfig`);
  await writeFile(kubeconfig, kubeconfigFor(port));
  return {
    kubeconfig,
    requests,
    interfere: (matches, { times, ...interference }) => void interfering.push({ matches, interference, times }),
    hold: (matches) => {
      const hold: Hold = {
        matches,
        arrived: Promise.withResolvers(),
        abandoned: Promise.withResolvers(),
        letGo: Promise.withResolvers(),
        answered: Promise.withResolvers(),
      };
      // Whether the request succeeds concerns only those who let it go.
      hold.answered.promise.catch(() => undefined);
      holds.add(hold);
      return {
        arrived: hold.arrived.promise,
        abandoned: hold.abandoned.promise,
        letGo: () => {
          hold.letGo.resolve();
          return hold.answered.promise;
        },
      };
    },
  };
}

/** Serin's own write of the target's traffic with this weight of the candidate, percent. */
export function trafficWrite(target: SampleTarget, weight: number): (request: ApiRequest) => boolean {
  return (request) => {
    if (!isServicePatch(target, request) || !request.path.includes('fieldManager=serin')) return false;
    if (request.path.includes('dryRun')) return false;
    // Our own activity writes it.
    const { spec } = JSON.parse(request.body.toString()) as {
      spec: { traffic: { revisionName?: string; percent?: number }[] };
    };
    const entries = spec.traffic.filter(({ revisionName }) => revisionName === target.candidateRevision);
    return entries.reduce((sum, { percent = 0 }) => sum + percent, 0) === weight;
  };
}

/** The write by which helm upgrades the target. */
export function helmWrite(target: SampleTarget): (request: ApiRequest) => boolean {
  return (request) =>
    isServicePatch(target, request) && !request.path.includes('fieldManager=serin') && !request.path.includes('dryRun');
}

function isServicePatch({ namespace, name }: SampleTarget, { method, path }: ApiRequest): boolean {
  return method === 'PATCH' && path.split('?', 1)[0]?.endsWith(`/namespaces/${namespace}/services/${name}`) === true;
}

interface Route {
  readonly upstream: RequestOptions;
  readonly holds: Set<Hold>;
  readonly interfering: readonly Interfering[];
  readonly requests: ApiRequest[];
}

async function forward(incoming: IncomingMessage, response: ServerResponse, route: Route): Promise<void> {
  // Whoever goes away in the middle is part of the tests.
  response.on('error', () => undefined);
  const body = await buffer(incoming).catch(() => undefined);
  if (body === undefined) return;
  const request = { method: incoming.method ?? '', path: incoming.url ?? '', body };
  route.requests.push(request);
  const interfering = route.interfering.find(({ matches, times }) => times > 0 && matches(request));
  if (interfering !== undefined) {
    interfering.times -= 1;
    if (await interfere(response, interfering.interference)) return;
  }
  const hold = [...route.holds].find(({ matches }) => matches(request));
  if (hold !== undefined) {
    route.holds.delete(hold);
    response.on('close', hold.abandoned.resolve);
    hold.arrived.resolve();
    await hold.letGo.promise;
  }
  pass(request, incoming.headers, { response, upstream: route.upstream, hold });
}

/** In the API server's words. */
const messages: Readonly<Record<number, string>> = {
  409: 'Operation cannot be fulfilled on it: the object has been modified; please apply your changes to the latest version and try again',
  429: 'the server has received too many requests and has asked us to try again later',
  500: 'Internal error occurred: resource quota evaluation timed out',
};

/** Whether the request has met its end here. */
async function interfere(response: ServerResponse, interference: Interference): Promise<boolean> {
  switch (interference.kind) {
    case 'status': {
      const { status: code } = interference;
      const message = messages[code] ?? STATUS_CODES[code];
      const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason: STATUS_CODES[code], message };
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      return true;
    }
    case 'reset':
      response.destroy();
      return true;
    case 'delay':
      await delay(interference.delayMs);
      return false;
  }
}

interface Answering {
  readonly response: ServerResponse;
  readonly upstream: RequestOptions;
  readonly hold: Hold | undefined;
}

function pass(
  { method, path, body }: ApiRequest,
  { host: _, ...headers }: IncomingHttpHeaders,
  { response, upstream, hold }: Answering,
): void {
  const options = { ...upstream, method, path, headers: { ...headers, ...upstream.headers } };
  const outgoing = requestSecurely(options, (answer) => {
    const status = answer.statusCode ?? 502;
    hold?.answered.resolve(status);
    response.writeHead(status, answer.headers);
    answer.on('error', () => response.destroy()).pipe(response);
    // A watch goes on until nobody listens any more.
    response.on('close', () => answer.destroy());
  });
  outgoing.on('error', (error) => {
    hold?.answered.reject(error);
    response.destroy();
  });
  outgoing.end(body);
}

/** Address, certificate authority and token of the kubeconfig. */
async function connectUpstream(path: string): Promise<RequestOptions> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(path);
  const { hostname, port } = new URL(kubeConfig.getCurrentCluster()?.server ?? '');
  const options: RequestOptions = {};
  await kubeConfig.applyToHTTPSOptions(options);
  return { ...options, hostname, port };
}

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve).unref();
  await promise;
  // A TCP server has an address of this kind once it listens.
  return (server.address() as AddressInfo).port;
}

function kubeconfigFor(port: number): string {
  // Without this flag the client takes no plain HTTP.
  const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'proxy', cluster }],
    users: [{ name: 'proxy', user: {} }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy' } }],
    'current-context': 'proxy',
  });
}
