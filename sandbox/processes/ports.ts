import { createServer } from 'node:net';

// Below Linux' range for outgoing connections (32768 and up), so that a port stays ours while its server is stopped.
const lowestPort = 20_000;
const portCount = 12_000;
const taken = new Set<number>();

/** A loopback TCP port that is free now, and that no other call of this process has returned. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowestPort + Math.floor(Math.random() * portCount);
    if (taken.has(port)) continue;
    taken.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
