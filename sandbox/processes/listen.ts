import { once } from 'node:events';
import type { Server } from 'node:http';
import { freePort } from './ports.ts';

/** An HTTP server of this process on loopback. */
export interface Listening {
  readonly port: number;
  readonly url: string;
  /** Cuts all connections. */
  readonly close: () => Promise<void>;
  /** Takes no new connections and lets the requests under way end, for at most `limitMs`. */
  readonly drain: (limitMs: number) => Promise<void>;
}

/** Starts the server on a free port of loopback. */
export async function listen(server: Server): Promise<Listening> {
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const closed = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await closed();
    },
    drain: async (limitMs) => {
      const limit = setTimeout(() => server.closeAllConnections(), limitMs);
      await closed();
      clearTimeout(limit);
    },
  };
}
