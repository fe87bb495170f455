import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../sandbox/processes/ports.ts';
import { type Outage, Service } from '../../sandbox/processes/service.ts';
import { startSupervision } from '../../sandbox/processes/supervision.ts';
import { temporalPath } from '../support/tools.ts';

/** A real development server that can be frozen and thawed. */
export interface TemporalServer {
  readonly address: string;
  readonly connection: Connection;
  readonly client: Client;
  readonly outage: Outage;
  remove(): Promise<void>;
}

/** @param extraArgs further arguments of `temporal server start-dev`. */
export async function startTemporalServer(extraArgs: readonly string[] = []): Promise<TemporalServer> {
  const directory = await mkdtemp(join(tmpdir(), 'serin-temporal-'));
  const supervision = startSupervision(directory);
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const place = ['--headless', '--ip=127.0.0.1', `--port=${port}`];
  const args = ['server', 'start-dev', ...place, '--log-level=error', ...extraArgs];
  const command = await temporalPath();
  const program = { name: 'temporal', command, args, env: {}, logFile: join(directory, 'temporal.log') };
  const outage = new Service({
    supervision,
    program,
    // Less than a test has that starts one.
    readyLimitMs: 50_000,
    isReady: async () => {
      const probe = await Connection.connect({ address, connectTimeout: 1_000 });
      await probe.workflowService.describeNamespace({ namespace: 'default' });
      await probe.close();
      return true;
    },
  });
  await outage.start();
  const connection = await Connection.connect({ address });
  return {
    address,
    connection,
    client: new Client({ connection }),
    outage,
    remove: async () => {
      await connection.close();
      await supervision.stop();
    },
  };
}
