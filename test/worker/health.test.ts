import { afterEach, describe, expect, test } from 'vitest';
import { startHealthServer } from '../../worker/health.ts';
import type { HealthServer, WhyNotReady } from '../../worker/health.ts';

let server: HealthServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** The answer to a GET of a server on a free port. */
async function get(path: string, whyNotReady: WhyNotReady) {
  server = await startHealthServer({ host: '127.0.0.1', port: 0 }, whyNotReady);
  const response = await fetch(`http://127.0.0.1:${server.address.port}${path}`);
  return { status: response.status, text: await response.text() };
}

const ready: WhyNotReady = () => Promise.resolve(undefined);
const notReady: WhyNotReady = () => Promise.resolve('draining');

describe('the health endpoint', () => {
  test('is ready when there is no reason against it', async () => {
    expect(await get('/readyz', ready)).toEqual({ status: 200, text: 'ready\n' });
  });

  test('answers 503 with the reason when it is not ready', async () => {
    expect(await get('/readyz?verbose', notReady)).toEqual({ status: 503, text: 'draining\n' });
  });

  test('is not ready when that cannot be found out', async () => {
    const broken = (): Promise<never> => Promise.reject(new Error('no such worker'));
    expect(await get('/readyz', broken)).toEqual({ status: 503, text: 'no such worker\n' });
  });

  test('is alive whether it is ready or not', async () => {
    expect(await get('/healthz', notReady)).toEqual({ status: 200, text: 'ok\n' });
  });

  test('names its paths to those who ask for another', async () => {
    expect(await get('/', ready)).toEqual({ status: 404, text: 'expected /healthz or /readyz\n' });
  });

  test('refuses an address that is taken, and says which setting to change', async () => {
    server = await startHealthServer({ host: '127.0.0.1', port: 0 }, ready);
    const { address } = server;
    await expect(startHealthServer(address, ready)).rejects.toMatchObject({
      name: 'StartupError',
      exitCode: 1,
      message: expect.stringMatching(/cannot listen at 127.0.0.1:\d+: .*EADDRINUSE.*; set SERIN_HEALTH_ADDRESS$/),
    });
  });

  test('closes while a client keeps its connection', async () => {
    await get('/healthz', ready);
    await expect(server?.close()).resolves.toBeUndefined();
    server = undefined;
  });
});
