import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ConnectionFlags } from '../context.ts';
import { CommandError } from '../errors.ts';
import { withSession } from '../temporal/connection.ts';
import type { Program } from './kept-program.ts';
import type { TemporalProgram } from './temporal-program.ts';

/** The Web UI listens so far above the server: where serin's other commands look for it. */
const webUiDistance = 1000;

/** The development server of this machine, which no environment nor `temporal.toml` can move. */
export function localConnection(port: number): ConnectionFlags & { readonly address: string } {
  return { address: `localhost:${port}`, namespace: 'default', isLocal: true };
}

/** The address of its Web UI. */
export function localWebUi(port: number): string {
  return `http://localhost:${port + webUiDistance}`;
}

/** The development server, with its data in the directory. */
export function localServer({ path }: TemporalProgram, port: number, directory: string): Program {
  const [database, logFile] = [join(directory, 'temporal.db'), join(directory, 'temporal.log')];
  const ports = ['--port', String(port), '--ui-port', String(port + webUiDistance)];
  const args = ['server', 'start-dev', ...ports, '--db-filename', database, '--log-level', 'warn'];
  return { name: 'Temporal', command: path, args, env: process.env, logFile };
}

/** Whether Temporal answers and has the namespace. */
export async function answers(connection: ConnectionFlags): Promise<boolean> {
  const asked = withSession(connection, ({ client, namespace }) =>
    client.workflowService.describeNamespace({ namespace }),
  );
  return asked.then(
    () => true,
    () => false,
  );
}

/** Fails where another program has one of the two ports. */
export async function requirePorts(port: number): Promise<void> {
  const remedy = 'choose another with --port, such as --port 7333';
  if (!(await isFree(port))) {
    const { address } = localConnection(port);
    const isTemporal = await answers(localConnection(port));
    const owner = isTemporal ? 'a Temporal, which answers: use it with' : 'another program:';
    const choice = isTemporal ? ` --address ${address}, or` : '';
    throw new CommandError('refused', `port ${port} is taken by ${owner}${choice} ${remedy}`);
  }
  const webUi = port + webUiDistance;
  if (await isFree(webUi)) return;
  throw new CommandError('refused', `port ${webUi}, for the Web UI, is taken: ${remedy}; the Web UI is 1000 above`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
