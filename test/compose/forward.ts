import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** Takes connections at ports of `host`, and passes them to those of loopback. */
export async function forwardPorts(
  host: string,
  ports: readonly number[],
): Promise<{ readonly close: () => Promise<void> }> {
  const forwards = await Promise.all(ports.map((port) => forwardPort(host, port)));
  return {
    close: async () => {
      await Promise.all(forwards.map((forward) => forward.close()));
    },
  };
}

async function forwardPort(host: string, port: number): Promise<{ readonly close: () => Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer((caller) => {
    const callee = connect({ host: '127.0.0.1', port });
    for (const [one, other] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.once('error', () => other.destroy());
      one.once('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(port, host);
  await once(server, 'listening');
  return { close: () => closeServer(server, open) };
}

async function closeServer(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of open) socket.destroy();
  await closed;
}
