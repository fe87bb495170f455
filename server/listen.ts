import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import type { AccessEnv } from './access.ts';

export interface Listening {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Serves at an address. Port 0 takes one that is free. Fails as Node does where the port is taken. */
export async function listen(
  app: Pick<Hono<AccessEnv> | Hono, 'fetch'>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, ({ port: actual }) => {
      resolve({ port: actual, close: () => closeAll() });
    });
    server.once('error', reject);
    const closeAll = (): Promise<void> =>
      new Promise((done) => {
        server.close(() => done());
        // Streams would never end by themselves.
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
  });
}
