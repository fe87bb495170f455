import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { testCluster } from '../support/cluster.ts';
import { manifestFor } from '../support/manifest.ts';
import { deployTarget, servedTraffic, underLoad } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { installPackage } from '../support/package.ts';
import type { Answer, Consumer } from '../support/package.ts';

/** Bytes: 1 MB. */
const largestTarball = 1_000_000;

const installLimitMs = 600_000;

let directory: string;
let consumer: Consumer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'serin-package-'));
  consumer = await installPackage(directory);
  // Only a bundler needs them: the rest of this file shows that nothing else does.
  for (const bundling of ['@swc', 'swc-loader', 'source-map-loader']) {
    await rm(join(consumer.directory, 'node_modules', bundling), { recursive: true });
  }
}, installLimitMs);

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function serin(...args: readonly string[]): Promise<Answer> {
  const { sandbox } = await testCluster();
  return consumer.run(join(consumer.programs, 'serin'), args, { TEMPORAL_ADDRESS: sandbox.temporal.address });
}

async function kubectl(...args: readonly string[]): Promise<Answer> {
  const { sandbox } = await testCluster();
  return consumer.run(sandbox.tools.kubectl, args, {
    PATH: `${consumer.programs}${delimiter}${process.env['PATH']}`,
    KUBECONFIG: sandbox.kubeconfig,
    TEMPORAL_ADDRESS: sandbox.temporal.address,
  });
}

describe('the package', () => {
  test('is smaller than 1 MB, and has neither tests nor sources', () => {
    const { size, files } = consumer.tarball;
    expect(size).toBeLessThan(largestTarball);
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'deploy/crds.yaml']));
    expect(paths.filter((path) => /(^|\/)test\/|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  test('says its version', async () => {
    expect(await serin('--version')).toEqual({ exitCode: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  test('is a plugin of kubectl, by that name', async () => {
    const { exitCode, stdout } = await kubectl('serin', '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Usage: kubectl serin \[options\]/);
  });

  test('gives TypeScript the types of experiments and of what may be said to them', async () => {
    await writeFile(join(consumer.directory, 'steer.ts'), steering);
    // The SDK's own types need those of `ms`, which it does not bring.
    await writeFile(join(consumer.directory, 'ms.d.ts'), "declare module 'ms' { export type StringValue = string }");
    const compiler = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
    const flags = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--types', ''];
    const { exitCode, stdout } = await consumer.run(process.execPath, [compiler, ...flags, 'steer.ts', 'ms.d.ts']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  });

  test('checks, plans, starts and runs an experiment to its promotion', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'packaged', namespace: 'package' });
    const file = join(consumer.directory, 'experiment.json');
    await writeFile(file, JSON.stringify(manifestFor(target)));
    expect(await serin('lint', '-f', file)).toMatchObject({ exitCode: 0 });
    expect(await serin('plan', '-f', file, '--rps', '50')).toMatchObject({ exitCode: 0 });

    const taskQueue = 'package';
    await startWorkerProcess(sandbox, {
      name: 'packaged-worker',
      taskQueue,
      program: [join(consumer.programs, 'serin'), 'worker'],
      env: { SERIN_WORKFLOW_BUNDLE: '' },
    });
    await underLoad(target, async () => {
      expect(await serin('start', '-f', file, '--task-queue', taskQueue)).toMatchObject({ exitCode: 0 });
      expect(await serin('watch', 'package/packaged', '--timeout', '3m')).toMatchObject({ exitCode: 0, stderr: '' });
    });
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    expect((await kubectl('serin', 'describe', 'package/packaged')).stdout).toContain('Winning version: candidate');
    const report = join(consumer.directory, 'report.html');
    expect(await serin('report', 'package/packaged', '--to', report)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readFile(report, 'utf8')).toContain('"outcome":"Promoted"');
  });
});

const steering = `
import { Client, Connection } from '@temporalio/client';
import { abortSignal, pauseUpdate, statusQuery, targetAttribute } from 'serin/contract';
import type { ExperimentWorkflow, Report } from 'serin/contract';

const client = new Client({ connection: await Connection.connect() });
const run = client.workflow.getHandle<ExperimentWorkflow>('experiment/default/canary-progressive');
await run.signal(abortSignal, { by: 'alice', reason: 'the checkout is broken' });
await run.executeUpdate(pauseUpdate, { args: [{ by: 'alice' }] });
const report: Report = await run.query(statusQuery);
const stage: 'Waiting' | 'Initializing' | 'Running' | 'Finishing' | 'Completed' = report.stage;
export const seen = { stage, target: targetAttribute.name };
// @ts-expect-error It is not the name of a field.
await run.signal(abortSignal, { who: 'alice' });
// @ts-expect-error There is no such stage.
export const unknown: 'Halted' = report.stage;
`;
