import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { requirePorts } from '../../../client/dev/local-temporal.ts';
import { devPort } from '../../support/dev-process.ts';
import { startServerEnvironment } from '../../support/workflow-environment.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** Something that listens, and hangs up on everybody. */
async function occupy(port: number): Promise<void> {
  server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
  await once(server, 'listening');
}

describe('the ports of the development server', () => {
  test('may be free', async () => {
    await requirePorts(await devPort());
  });

  test('are refused where another program has one', async () => {
    const port = await devPort();
    await occupy(port);
    await expect(requirePorts(port)).rejects.toThrow(
      `port ${port} is taken by another program: choose another with --port, such as --port 7333`,
    );
  });

  test('are refused where another program has that of the Web UI', async () => {
    const port = await devPort();
    await occupy(port + 1000);
    await expect(requirePorts(port)).rejects.toThrow(`port ${port + 1000}, for the Web UI, is taken: choose another`);
  });

  test('are refused where a Temporal answers, which can be used', async () => {
    const { env, teardown } = await startServerEnvironment();
    const port = Number(env.address.split(':')[1]);
    await expect(requirePorts(port)).rejects.toThrow(
      `port ${port} is taken by a Temporal, which answers: use it with --address localhost:${port}, or choose another with --port`,
    );
    await teardown();
  });
});
