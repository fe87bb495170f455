import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Address } from '../formats/worker/settings.ts';
import { formatAddress } from './address.ts';
import { StartupError, errorReason } from './startup-error.ts';

export interface HealthServer {
  /** Where it listens, with the port that was chosen for port 0. */
  readonly address: Address;
  readonly close: () => Promise<void>;
}

/** Undefined when the worker takes work, else the reason why it does not. */
export type WhyNotReady = () => Promise<string | undefined>;

/**
 * Serves `/healthz` (200 as long as the process answers) and `/readyz` (200 when the worker takes work, else 503 with
 * the reason) as plain text, without authentication.
 */
export async function startHealthServer(address: Address, whyNotReady: WhyNotReady): Promise<HealthServer> {
  const server = createServer(answer(whyNotReady));
  try {
    server.listen(address.port, address.host);
    await once(server, 'listening');
  } catch (error) {
    const message = `the health endpoint cannot listen at ${formatAddress(address)}: ${errorReason(error)}`;
    throw new StartupError(1, `${message}; set SERIN_HEALTH_ADDRESS`, { cause: error });
  }
  // A server that listens on TCP has this kind of address.
  const { port } = server.address() as AddressInfo;
  return {
    address: { ...address, port },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(whyNotReady: WhyNotReady): RequestListener {
  return (request, response) => {
    const reply = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
      response.end(`${text}\n`);
    };
    const [path] = (request.url ?? '').split('?');
    if (path === '/healthz') return reply(200, 'ok');
    if (path !== '/readyz') return reply(404, 'expected /healthz or /readyz');
    whyNotReady().then(
      (reason) => reply(reason === undefined ? 200 : 503, reason ?? 'ready'),
      (error: unknown) => reply(503, errorReason(error)),
    );
  };
}
