import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../sandbox/processes/ports.ts';
import { until } from '../support/until.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';
import { startSlowCluster } from './slow-cluster.ts';
import type { SlowCluster } from './slow-cluster.ts';
import { startTemporalServer } from './temporal-server.ts';
import type { TemporalServer } from './temporal-server.ts';
import { startWorker } from './worker-process.ts';
import type { WorkerProcess } from './worker-process.ts';
import { readSample } from '../support/samples.ts';

let temporal: TemporalServer;
let directory: string;
/** Saves each worker the two seconds of bundling. */
let bundle: string;
let cluster: SlowCluster;
let workers: WorkerProcess[] = [];
let experiments = 0;

beforeAll(async () => {
  temporal = await startTemporalServer();
  directory = await mkdtemp(join(tmpdir(), 'serin-worker-'));
  bundle = await bundleWorkflows();
});

afterAll(async () => {
  await temporal.remove();
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  cluster = await startSlowCluster();
});

afterEach(async () => {
  for (const worker of workers) worker.signal('SIGKILL');
  await Promise.all(workers.map(({ exited }) => exited));
  workers = [];
  await cluster.remove();
});

function start(env: Readonly<Record<string, string>> = {}): WorkerProcess {
  const where = { TEMPORAL_ADDRESS: temporal.address, SERIN_KUBECONFIG: cluster.kubeconfig };
  return launch({ ...where, SERIN_WORKFLOW_BUNDLE: bundle, ...env });
}

function launch(env: Readonly<Record<string, string>>): WorkerProcess {
  const worker = startWorker(env);
  workers.push(worker);
  return worker;
}

/** A worker that is ready, with an activity in flight: it asks the cluster for the target's Lease. */
async function startBusyWorker(env: Readonly<Record<string, string>> = {}) {
  experiments += 1;
  const taskQueue = `queue-${experiments}`;
  const worker = start({ SERIN_TASK_QUEUE: taskQueue, ...env });
  await worker.untilReady();
  // Of built-in metrics by iter8's names none can be the team's own, which would be looked up first.
  const manifest = readSample('canary-progressive/experiment.yaml').replaceAll(
    '- metric: ',
    '- metric: iter8-knative/',
  );
  const options = { workflowId: taskQueue, taskQueue, args: [manifest] };
  const experiment = await temporal.client.workflow.start('experiment', options);
  await cluster.requested();
  return { worker, experiment };
}

describe('a worker process', () => {
  test('bundles the workflows, becomes ready, and ends with 0 on SIGTERM', async () => {
    const worker = start({ SERIN_WORKFLOW_BUNDLE: '' });
    await worker.untilReady();
    expect(await worker.probe('/healthz')).toEqual({ status: 200, text: 'ok' });
    expect(await worker.probe('/readyz')).toEqual({ status: 200, text: 'ready' });
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(worker.stderr()).toBe('');
  });

  test('writes every line of its log as a JSON object', async () => {
    const worker = start({ SERIN_LOG_LEVEL: 'debug', SERIN_PROMETHEUS_URL: 'http://user:secret@prometheus:9090' });
    await worker.untilReady();
    worker.signal('SIGINT');
    expect(await worker.exited).toBe(0);
    const log = worker.log();
    expect(log.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['health endpoint listens', 'worker started', 'stopping', 'worker stopped']),
    );
    expect(log.every(({ time }) => new Date(time).toISOString() === time)).toBe(true);
    expect(log.find(({ msg }) => msg === 'worker started')).toMatchObject({
      level: 'info',
      temporalAddress: temporal.address,
      namespace: 'default',
      taskQueue: 'serin',
      prometheus: 'http://prometheus:9090/',
      helmPath: 'helm',
      allowedCommands: ['helm'],
    });
    expect(JSON.stringify(log)).not.toContain('secret');
  });

  test('finishes what is in flight when told to stop, and is not ready from then on', async () => {
    const { worker, experiment } = await startBusyWorker();
    worker.signal('SIGTERM');
    const draining = await until('the worker to drain', async () => {
      const answer = await worker.probe('/readyz');
      return answer?.status === 503 && answer;
    });
    expect(draining.text).toBe('draining: no new work is taken, work in flight is finished');
    expect(await worker.probe('/healthz')).toEqual({ status: 200, text: 'ok' });
    cluster.refuse();
    expect(await worker.exited).toBe(0);
    // The answer of the cluster was reported by this worker, not lost with it.
    const { events } = await experiment.fetchHistory();
    const failures = (events ?? []).map((event) => event.activityTaskFailedEventAttributes?.failure).filter(Boolean);
    expect(failures.map((failure) => failure?.applicationFailureInfo?.type)).toEqual(['Forbidden']);
  });

  test('cancels what is in flight when the grace is over', async () => {
    const { worker } = await startBusyWorker({ SERIN_SHUTDOWN_GRACE: '100ms' });
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
    // The SDK may say something of its own state after it.
    expect(worker.log().map(({ msg }) => msg)).toContain('worker stopped');
  });

  test('ends at once with 1 on a second signal', async () => {
    const { worker } = await startBusyWorker();
    worker.signal('SIGTERM');
    await until('the first signal to be seen', async () => worker.log().some(({ msg }) => msg === 'stopping'));
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(1);
    expect(worker.log()).toContainEqual(expect.objectContaining({ level: 'warn', signal: 'SIGTERM' }));
    expect(worker.log().map(({ msg }) => msg)).not.toContain('worker stopped');
  });

  test('is not ready while Temporal does not answer', async () => {
    const worker = start();
    await worker.untilReady();
    await temporal.outage.freeze();
    try {
      const answer = await worker.probe('/readyz');
      expect(answer?.status).toBe(503);
      expect(answer?.text).toMatch(`Temporal at ${temporal.address} does not answer: `);
      expect(await worker.probe('/healthz')).toEqual({ status: 200, text: 'ok' });
    } finally {
      await temporal.outage.thaw();
    }
    await worker.untilReady();
  });

  test("serves the metrics of Temporal's SDK", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const worker = start({ SERIN_METRICS_ADDRESS: address });
    await worker.untilReady();
    const exposition = await until('the first metrics', async () => {
      const text = await (await fetch(`http://${address}/metrics`)).text();
      return text.includes('temporal_num_pollers') && text;
    });
    expect(exposition).toMatch(/temporal_request_latency_seconds_bucket\{/);
    expect(exposition).toMatch(/temporal_request_total\{/);
  });

  test('takes no experiments where it is the operator alone, and ends as others do', async () => {
    const worker = start({ SERIN_OPERATOR: 'only', SERIN_TASK_QUEUE: 'of-nobody' });
    await worker.untilReady();
    await cluster.requested();
    expect(worker.log().map(({ msg }) => msg)).toContain('operator started');
    const { pollers } = await temporal.client.workflowService.describeTaskQueue({
      namespace: 'default',
      taskQueue: { name: 'of-nobody' },
    });
    expect(pollers).toEqual([]);
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
  });

  test('reads its configuration file, and a temporal.toml', async () => {
    const [settings, profile] = [join(directory, 'worker.yaml'), join(directory, 'temporal.toml')];
    await writeFile(settings, `taskQueue: of-the-file\nkubeconfig: ${cluster.kubeconfig}\nworkflowBundle: ${bundle}\n`);
    await writeFile(profile, `[profile.default]\naddress = "${temporal.address}"\n`);
    const worker = launch({ SERIN_CONFIG: settings, TEMPORAL_CONFIG_FILE: profile });
    await worker.untilReady();
    expect(worker.log().find(({ msg }) => msg === 'worker started')).toMatchObject({
      taskQueue: 'of-the-file',
      temporalAddress: temporal.address,
    });
  });
});
