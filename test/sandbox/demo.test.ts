import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { commandLine, processIds } from './processes.ts';

const main = fileURLToPath(new URL('../../sandbox/demo/main.ts', import.meta.url));
const demos: ChildProcess[] = [];
afterAll(() => {
  for (const demo of demos) demo.kill('SIGKILL');
});

function startDemo(...args: readonly string[]) {
  const demo = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  demos.push(demo);
  let output = '';
  for (const stream of [demo.stdout, demo.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  return {
    demo,
    output: () => output,
    exitCode: once(demo, 'close').then(([code]) => code as number | null),
    stateDirectory: () => dirname(/KUBECONFIG=(\S+)/.exec(output)?.[1] ?? ''),
  };
}

function nothingIsLeft(stateDirectory: string): void {
  expect(
    processIds()
      .map(commandLine)
      .filter((line) => line.includes(stateDirectory)),
  ).toEqual([]);
  expect(existsSync(stateDirectory)).toBe(false);
}

describe.concurrent('the demo', { timeout: 600_000 }, () => {
  test('tells the tutorial with its own interval of 12 s to the promotion, and loses no request', async () => {
    const { output, exitCode, stateDirectory } = startDemo();
    expect(await exitCode, output()).toBe(0);
    for (const words of [
      '==> Step 1. Create a Knative app with a baseline and a candidate',
      '$ temporal workflow start --type experiment --task-queue serin',
      'Running  4/5  candidate 50 %  IterationUpdate: Completed Iteration 4',
      'Promoted  5/5  candidate 100 %  all objectives pass',
      '"percent":100,"revisionName":"sample-app-v2"',
    ]) {
      expect(output()).toContain(words);
    }
    expect(output().match(/\t(?:deployed|superseded)\s.*Upgrade complete/g)).toHaveLength(2);
    expect(output()).toMatch(/Fortio sent (\d+) requests; answers by status: 200: \1\n/);
    nothingIsLeft(stateDirectory());
  });

  test('leaves nothing behind when it is interrupted in mid-run', async () => {
    const { demo, output, exitCode, stateDirectory } = startDemo('--fault', 'errors');
    await until('the first iteration', async () => output().includes('Completed Iteration 1'), { limitMs: 400_000 });
    demo.kill('SIGINT');
    expect(await exitCode, output()).toBe(130);
    expect(output()).not.toContain('The experiment goes on');
    nothingIsLeft(stateDirectory());
  });
});
