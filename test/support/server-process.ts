import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../../sandbox/index.ts';
import { freePort } from '../../sandbox/processes/ports.ts';
import { until } from './until.ts';

const serin = fileURLToPath(new URL('../../client/serin.ts', import.meta.url));

/** `serin server` on loopback, and where its metrics are. */
export interface ServerProcess {
  readonly origin: string;
  /** `host:port`. */
  readonly metrics: string;
}

/** Starts `serin server` for the sandbox, and waits until it answers. */
export async function startServerProcess(
  sandbox: Sandbox,
  { name, signingKeyFile }: { readonly name: string; readonly signingKeyFile: string },
): Promise<ServerProcess> {
  const [address, metrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const origin = `http://${address}`;
  const places = ['--origin', origin, '--listen', address, '--metrics-listen', metrics];
  await sandbox.run({
    name,
    command: process.execPath,
    args: [serin, 'server', ...places, '--signing-key-file', signingKeyFile],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      TEMPORAL_ADDRESS: sandbox.temporal.address,
      KUBECONFIG: sandbox.serverKubeconfig,
    },
  });
  await until('the server', async () => (await fetch(`${origin}/healthz`).catch(() => undefined))?.ok);
  return { origin, metrics };
}
