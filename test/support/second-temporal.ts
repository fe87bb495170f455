import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../sandbox/processes/ports.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { until } from './until.ts';

/** A Temporal of its own beside the sandbox's, for settings that only one test can bear. */
export interface SecondTemporal {
  readonly address: string;
  readonly client: Client;
}

/** Starts it, without search attributes and without a file; it ends with the file. */
export async function startSecondTemporal(
  sandbox: Sandbox,
  { name, args }: { readonly name: string; readonly args: readonly string[] },
): Promise<SecondTemporal> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  await sandbox.run({
    name,
    command: sandbox.tools.temporal,
    args: ['server', 'start-dev', '--headless', '--ip=127.0.0.1', `--port=${port}`, '--log-level=error', ...args],
    env: {},
  });
  const connection = await until(`${name} to answer`, () => connect(address));
  return { address, client: new Client({ connection }) };
}

async function connect(address: string): Promise<Connection | undefined> {
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + 1_000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    return connection;
  } catch {
    await connection.close();
    return undefined;
  }
}
