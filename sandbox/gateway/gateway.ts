import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { FaultyRevision } from '../faults/fault.ts';
import { listen, type Listening } from '../processes/listen.ts';
import { chooseRoute, type RouteChoice, type RouteTable } from './routes.ts';

export interface GatewayOptions {
  /** The current routes. */
  readonly routes: () => RouteTable;
  /** Ports of the revision's pods that take requests. */
  readonly readyPorts: (revision: FaultyRevision) => readonly number[];
}

/** The ingress gateway: sends each HTTP request, by its `Host`, to a pod of one of the revisions of a route. */
export async function startGateway({ routes, readyPorts }: GatewayOptions): Promise<Listening> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const choice = chooseRoute(routes(), gatewayRequest(incoming), Math.random());
    if (choice === undefined) return refuse(outgoing, 404, `no route for host ${incoming.headers.host}`);
    const ports = readyPorts(choice.revision);
    const port = ports[Math.floor(Math.random() * ports.length)];
    if (port === undefined) return refuse(outgoing, 503, `no ready pod of revision ${choice.revision.revision}`);
    forward({ incoming, outgoing, choice, port, agent });
  });
  server.keepAliveTimeout = 0;
  const listening = await listen(server);
  return {
    ...listening,
    close: async () => {
      await listening.close();
      agent.destroy();
    },
  };
}

interface Forwarding {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly choice: RouteChoice;
  readonly port: number;
  readonly agent: Agent;
}

function forward({ incoming, outgoing, choice, port, agent }: Forwarding): void {
  const { method, url: path, headers } = incoming;
  const upstream = send(
    { agent, port, host: '127.0.0.1', method, path, headers: { ...headers, ...choice.headers } },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  upstream.once('error', (error) => refuse(outgoing, 502, error.message));
  // A caller that goes away takes its request with it.
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) upstream.destroy();
  });
  incoming.pipe(upstream);
}

function refuse(outgoing: ServerResponse, status: number, text: string): void {
  if (!outgoing.headersSent) outgoing.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  outgoing.end(`${text}\n`);
}

function gatewayRequest({ headers, url = '/' }: IncomingMessage) {
  return { host: (headers.host ?? '').toLowerCase().replace(/:\d+$/, ''), path: url, headers };
}
