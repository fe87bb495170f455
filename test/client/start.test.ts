import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readTaskQueue } from '../../client/temporal/task-queue.ts';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld } from '../support/fake-world.ts';
import { temporalPath } from '../support/tools.ts';
import { aManifest } from './manifests.ts';
import { startSerinEnvironment } from './serin-environment.ts';
import type { SerinEnvironment } from './serin-environment.ts';

let environment: SerinEnvironment;
let folder: string;
beforeAll(async () => {
  environment = await startSerinEnvironment();
  folder = await mkdtemp(join(tmpdir(), 'serin-start-'));
});
afterAll(async () => {
  await environment.teardown();
  await rm(folder, { recursive: true });
});

async function writeManifest(name: string): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, aManifest({ name }));
  return file;
}

/** The arguments of a workflow, as the server keeps them. */
async function readInput(workflowId: string): Promise<unknown> {
  const { events } = await environment.env.client.workflow.getHandle(workflowId).fetchHistory();
  return events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
}

/** Waits until Temporal has seen a worker on the task queue. */
async function untilPolled(taskQueue: string): Promise<void> {
  const { client } = environment.env;
  const service = { client, address: environment.address, namespace: 'default' };
  const isPolled = async () => (await readTaskQueue(service, taskQueue)).polledBy.length > 0;
  await vi.waitUntil(isPolled, { timeout: 30_000, interval: 100 });
}

describe('serin start', () => {
  test('starts the experiment under its own name, and says how to go on', async () => {
    const file = await writeManifest('first');
    const { exitCode, stdout, stderr } = await environment.serin(['start', '-f', file]);
    const description = await environment.env.client.workflow.getHandle('experiment/default/first').describe();
    expect(stdout).toBe(`Started experiment/default/first
Run     ${description.runId}
Web UI  http://127.0.0.1:${Number(environment.address.split(':')[1]) + 1000}/namespaces/default/workflows/experiment%2Fdefault%2Ffirst/${description.runId}/history

  serin watch experiment/default/first
  serin describe experiment/default/first
  serin abort experiment/default/first --reason WHY

`);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^warning: ${file}:10:7 spec.strategy.actions.finish: `)),
      expect.stringMatching(new RegExp(`^warning: ${file}:21:3 spec.baseline: .*moved under versionInfo$`)),
      expect.stringMatching(new RegExp(`^warning: ${file}:26:3 spec.candidates: .*moved under versionInfo$`)),
      'warning: no worker polls the task queue serin, so the experiment waits: start one (docs/operations.md), or set --task-queue',
      '',
    ]);
    expect(exitCode).toBe(0);
    expect(description).toMatchObject({ type: 'experiment', taskQueue: 'serin' });
    expect(await description.staticSummary()).toBe('Canary default/sample-app: sample-app-v1 to sample-app-v2');
  });

  test("sends what the Temporal CLI sends: the file's bytes", async () => {
    const file = await writeManifest('same-bytes');
    await environment.serin(['start', '-f', file]);
    const args = ['workflow', 'start', '--type', 'experiment', '--task-queue', 'serin', '--workflow-id', 'by-temporal'];
    const input = ['--input-file', file, '--input-meta', 'encoding=binary/plain', '--address', environment.address];
    await promisify(execFile)(await temporalPath(), [...args, ...input]);
    expect(await readInput('experiment/default/same-bytes')).toEqual(await readInput('by-temporal'));
  });

  test('fails while the experiment runs, and says how to look at it', async () => {
    const file = await writeManifest('twice');
    await environment.serin(['start', '-f', file]);
    const { exitCode, stdout, stderr } = await environment.serin(['start', '-f', file]);
    expect(stderr).toContain(
      'serin: experiment/default/twice is running already: look at it with `serin watch experiment/default/twice`, end it with `serin abort experiment/default/twice`\n',
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  });

  test('takes a workflow id and a task queue, and answers programs with JSON', async () => {
    const args = ['start', '-f', '-', '--id', 'mine', '--task-queue', 'other', '-o', 'json'];
    const { stdout, stderr } = await environment.serin(args, { input: aManifest() });
    expect(JSON.parse(stdout)).toMatchObject({ workflowId: 'mine', taskQueue: 'other', runId: expect.any(String) });
    expect(stderr).toBe('');
    const { taskQueue } = await environment.env.client.workflow.getHandle('mine').describe();
    expect(taskQueue).toBe('other');
  });

  test('follows it to its end when it is asked to', async () => {
    const experiment = anExperiment({ name: 'watched', intervalMs: 1000, iterations: 1 });
    const args = ['start', '-f', '-', '--task-queue', 'watched', '--watch'];
    const world = fakeWorld({ experiment });
    const { exitCode, stdout, stderr } = await environment.withWorker('watched', world, async () => {
      await untilPolled('watched');
      return environment.serin(args, { input: aManifest({ name: 'watched' }) });
    });
    expect(stdout).toMatch(/^Started experiment\/default\/watched\n/);
    expect(stdout).toContain('  Promoted  1/1  ');
    expect(stderr).not.toContain('no worker');
    expect(exitCode).toBe(0);
  });

  test('refuses a manifest with mistakes before it connects', async () => {
    const args = ['start', '-f', '-', '--address', '127.0.0.1:1'];
    const { exitCode, stdout, stderr } = await environment.serin(args, { input: aManifest({ upperLimit: 'fifty' }) });
    expect(stderr).toMatch(
      /^serin: \(standard input\) cannot be used:\n {2}\(standard input\):16:19 spec\.criteria\.objectives\[0\]\.upperLimit: expected .*, got "fifty"\n$/,
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});
