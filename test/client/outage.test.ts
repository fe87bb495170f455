import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort } from '../../sandbox/processes/ports.ts';
import { temporalPath } from '../support/tools.ts';
import { runSerin } from './serin-environment.ts';

let folder: string;
let port: number;
let server: ChildProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serin-outage-'));
  port = await freePort();
  await startServer();
});
afterAll(async () => {
  await stopServer();
  await rm(folder, { recursive: true });
});

/** Keeps its state in a file, so that it can go on after a stop. */
async function startServer(): Promise<void> {
  const file = join(folder, 'temporal.db');
  const args = [
    'server',
    'start-dev',
    '--headless',
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--db-filename',
    file,
  ];
  server = spawn(await temporalPath(), [...args, '--log-level', 'never'], { stdio: 'ignore' });
  await vi.waitUntil(async () => (await serin('get')).exitCode === 0, { timeout: 60_000 });
}

async function stopServer(): Promise<void> {
  const exit = once(server, 'exit');
  server.kill('SIGKILL');
  await exit;
}

function serin(line: string, options: Parameters<typeof runSerin>[1] = {}): ReturnType<typeof runSerin> {
  return runSerin([...line.split(' '), '--address', `127.0.0.1:${port}`], options);
}

test('a watch outlives Temporal, and can be interrupted at any time', async () => {
  const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
  const client = new Client({ connection });
  await client.workflow.start('experiment', { workflowId: 'waiting', taskQueue: 'nobody', args: [''] });
  await connection.close();

  const interruption = new AbortController();
  let shown = '';
  const onWrite = (stdout: string): void => void (shown = stdout);
  const watch = serin('watch waiting', { interrupted: interruption.signal, onWrite });
  await vi.waitUntil(() => shown.includes('waiting: no worker answers on task queue nobody\n'), { timeout: 60_000 });
  await stopServer();
  await vi.waitUntil(() => shown.includes(`waiting: Temporal does not answer at 127.0.0.1:${port}`), {
    timeout: 60_000,
  });
  await startServer();
  await vi.waitUntil(() => shown.trimEnd().endsWith('no worker answers on task queue nobody'), { timeout: 60_000 });
  await stopServer();
  interruption.abort();
  expect((await watch).exitCode).toBe(130);
  await startServer();
}, 120_000);
