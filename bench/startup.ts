import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { searchAttributes, stageAttribute } from '../contract/messages.ts';
import { workflowType } from '../contract/names.ts';
import type { ExperimentWorkflow } from '../contract/workflow.ts';
import { anExperiment } from '../test/support/builders.ts';
import { fakeWorld } from '../test/support/fake-world.ts';
import { chromiumPath } from '../test/support/chromium.ts';
import { packCheckout } from '../test/support/package.ts';
import { temporalPath } from '../test/support/tools.ts';
import { until } from '../test/support/until.ts';
import { bundleWorkflows } from '../test/support/workflow-bundle.ts';
import { measureList } from './list-page.ts';
import { quantile } from './quantile.ts';
import { activitiesPerWorkflow } from './worlds.ts';

/**
 * What the package costs: its size, how long `serin --version` takes, the memory of a worker without experiments, and the CPU of
 * `serin get`, and of the page's list in Chromium, on a development server with many that run. Prints figures; asserts nothing.
 */
const { values } = parseArgs({
  options: { experiments: { type: 'string', default: '1000' }, rounds: { type: 'string', default: '10' } },
});
const count = Number(values.experiments);
const rounds = Number(values.rounds);

/** A kubeconfig for a worker that has nothing to ask of a cluster. */
const nowhere = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'nowhere',
  contexts: [{ name: 'nowhere', context: { cluster: 'nowhere', user: 'nobody' } }],
  clusters: [{ name: 'nowhere', cluster: { server: 'http://127.0.0.1:1' } }],
  users: [{ name: 'nobody', user: {} }],
};

/** What a program prints of itself on its standard error at its end. */
const cpuReporter = `data:text/javascript,${encodeURIComponent(
  `process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    process.stderr.write(((user + system) / 1e6).toFixed(2));
  });`,
)}`;

const run = promisify(execFile);
Runtime.install({ logger: new DefaultLogger('ERROR') });
const directory = await mkdtemp(join(tmpdir(), 'serin-startup-'));
try {
  const program = await unpackPackage();
  await printStart(program);
  const env = await startServer();
  try {
    await printMemory(program, env);
    await withExperiments(env, async () => {
      await printList(program, env);
      if (chromiumPath !== undefined) await printPage(program, env);
    });
  } finally {
    await env.teardown();
  }
} finally {
  await rm(directory, { recursive: true });
}

/** Returns the path of the package's program, which finds its dependencies in this checkout. */
async function unpackPackage(): Promise<string> {
  const { filename, size, unpackedSize } = await packCheckout(directory);
  print('tarball', `${(size / 1e6).toFixed(2)} MB, unpacked ${(unpackedSize / 1e6).toFixed(2)} MB`);
  await run('tar', ['-xzf', join(directory, filename), '-C', directory]);
  await symlink(join(import.meta.dirname, '../node_modules'), join(directory, 'node_modules'));
  return join(directory, 'package/bin/serin.js');
}

async function printStart(program: string): Promise<void> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    await run(process.execPath, [program, '--version']);
    seconds.push((performance.now() - start) / 1000);
  }
  seconds.sort((a, b) => a - b);
  print('serin --version', `${quantile(seconds, 0.5).toFixed(3)} s at the median, ${seconds[0]?.toFixed(3)} s at best`);
}

async function startServer(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: await temporalPath() },
      searchAttributes: [...searchAttributes],
      log: { format: 'pretty', level: 'error' },
    },
  });
}

async function printMemory(program: string, { address }: TestWorkflowEnvironment): Promise<void> {
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, JSON.stringify(nowhere));
  const { PATH } = process.env;
  const addresses = { SERIN_HEALTH_ADDRESS: '127.0.0.1:0', SERIN_METRICS_ADDRESS: 'none', TEMPORAL_ADDRESS: address };
  const worker = spawn(process.execPath, [program, 'worker'], {
    env: { PATH, SERIN_KUBECONFIG: kubeconfig, ...addresses },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let log = '';
  worker.stdout.on('data', (text: Buffer) => (log += text.toString()));
  await until('the worker to start', async () => log.includes('worker started'));
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8')) ?? [];
  print('worker without experiments', `${(Number(kilobytes) / 1024).toFixed(0)} MiB resident`);
  worker.kill('SIGTERM');
  await once(worker, 'close');
}

/** Experiments in the middle of their first interval, with a worker that answers for them. */
async function withExperiments(env: TestWorkflowEnvironment, use: () => Promise<void>): Promise<void> {
  const experiment = anExperiment({ iterations: 5, intervalMs: 3_600_000 });
  const names = searchAttributes.map(({ name }) => name);
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: 'bench',
    workflowBundle: { codePath: await bundleWorkflows() },
    activities: activitiesPerWorkflow(() => fakeWorld({ experiment, searchAttributes: names })),
    maxCachedWorkflows: count,
  });
  await worker.runUntil(async () => {
    for (let n = 0; n < count; n += 1) {
      const options = { taskQueue: 'bench', workflowId: `bench-${n}`, args: ['manifest'] as [string] };
      await env.client.workflow.start<ExperimentWorkflow>(workflowType, options);
    }
    const query = `${stageAttribute.name} = "Running"`;
    const areRunning = async () => (await env.client.workflow.count(query)).count === count;
    await until(`${count} experiments to run`, areRunning, { limitMs: 600_000, pollMs: 1000 });
    await use();
  });
}

async function printList(program: string, { address }: TestWorkflowEnvironment): Promise<void> {
  for (const limit of [50, count]) {
    const start = performance.now();
    const args = [program, 'get', '--address', address, '--limit', String(limit)];
    const { stdout, stderr } = await run(process.execPath, ['--import', cpuReporter, ...args], { maxBuffer: 1e8 });
    const seconds = ((performance.now() - start) / 1000).toFixed(2);
    const lines = stdout.trim().split('\n').length - 1;
    print(`serin get, ${lines} of ${count} runs`, `${stderr.trim()} s of CPU, ${seconds} s on the clock`);
  }
}

async function printPage(program: string, { address }: TestWorkflowEnvironment): Promise<void> {
  const { shownMs, askedMs, cpuPerSecondMs, memoryMib } = await measureList(program, { address, count });
  const times = `shown after ${(shownMs / 1000).toFixed(1)} s, each asked after ${(askedMs / 1000).toFixed(0)} s`;
  const costs = `${cpuPerSecondMs.toFixed(0)} ms of CPU a second while it is looked at, ${memoryMib.toFixed(0)} MiB`;
  print(`the page's list, ${count} runs`, `${times}; its server: ${costs}`);
}

function print(what: string, figures: string): void {
  console.log(`${what.padEnd(34)} ${figures}`);
}
