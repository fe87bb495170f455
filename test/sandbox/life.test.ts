import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../sandbox/index.ts';
import { until } from '../../sandbox/processes/condition.ts';
import { commandLine, processIds } from './processes.ts';

const main = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url));
const runners: ChildProcess[] = [];
afterEach(() => {
  for (const runner of runners.splice(0)) runner.kill('SIGKILL');
});

/** `npm run sandbox`, when it has printed its addresses. */
async function startRunner(): Promise<{ readonly runner: ChildProcess; readonly stateDirectory: string }> {
  const runner = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'ignore'] });
  runners.push(runner);
  for await (const line of createInterface(runner.stdout)) {
    const directory = /^export KUBECONFIG=(.*)\/kubeconfig$/.exec(line)?.[1];
    if (directory !== undefined) return { runner, stateDirectory: directory };
  }
  throw new Error('the runner ended before the sandbox was ready');
}

/** Command lines of the processes that have to do with the state directory. */
function processesNaming(stateDirectory: string): string[] {
  return processIds()
    .map(commandLine)
    .filter((line) => line.includes(stateDirectory));
}

async function nothingIsLeft(stateDirectory: string): Promise<void> {
  await until({ what: 'every process to end and the state to be removed', limitMs: 60_000 }, () => {
    return processesNaming(stateDirectory).length === 0 && !existsSync(stateDirectory);
  }).catch(() => undefined);
  expect(processesNaming(stateDirectory)).toEqual([]);
  expect(existsSync(stateDirectory)).toBe(false);
}

describe('two sandboxes side by side', () => {
  let first: Sandbox;
  let second: Sandbox;
  beforeAll(async () => {
    [first, second] = await Promise.all([startSandbox(), startSandbox()]);
  });
  afterAll(() => Promise.all([first, second].map((sandbox) => sandbox?.stop())));

  test('have nothing in common', async () => {
    await first.deploySample({ name: 'only-first', baselineOnly: true });
    expect(await second.kubectl('get', 'ksvc', '-o', 'name')).toBe('');
  });

  test('end each for itself, with the programs that they were asked to run, and what those have started', async () => {
    const script = `sleep 1000 & echo ${first.stateDirectory}; wait`;
    await first.run({ name: 'helper', command: '/bin/sh', args: ['-c', script, first.stateDirectory], env: {} });
    expect(processesNaming(first.stateDirectory).length).toBeGreaterThan(5);
    await first.stop();
    await nothingIsLeft(first.stateDirectory);
    expect(await second.kubectl('get', 'namespace', 'default', '-o', 'name')).toBe('namespace/default\n');
  });

  test('leave nothing behind when the supervisor of their programs is killed', async () => {
    const supervisor = processIds().find((id) => commandLine(id).includes(`supervisor.ts ${second.stateDirectory}`));
    process.kill(Number(supervisor), 'SIGKILL');
    await nothingIsLeft(second.stateDirectory);
    await second.stop();
  });
});

describe('a runner that ends', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('by %s leaves nothing behind', async (signal) => {
    const { runner, stateDirectory } = await startRunner();
    expect(processesNaming(stateDirectory).length).toBeGreaterThan(5);
    runner.kill(signal);
    await once(runner, 'exit');
    await nothingIsLeft(stateDirectory);
  });
});
