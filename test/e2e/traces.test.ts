import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';
import { freePort } from '../../sandbox/processes/ports.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, startExperiment, underLoad } from '../support/scenario.ts';
import type { Scenario } from '../support/scenario.ts';
import { startTraceCollector } from '../support/trace-collector.ts';
import type { CollectedSpan } from '../support/trace-collector.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const namespace = 'traces';

let sandbox: Sandbox;
beforeAll(async () => {
  ({ sandbox } = await testCluster());
});

/** A worker that sends its traces there, soon. */
function startTracedWorker(name: string, endpoint: string): ReturnType<typeof startWorkerProcess> {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_SCHEDULE_DELAY: '200' };
  return startWorkerProcess(sandbox, { name, taskQueue: name, env });
}

async function run(target: SampleTarget, taskQueue: string): Promise<Scenario> {
  const { value } = await underLoad(target, async () => {
    const scenario = await startExperiment(target, { taskQueue, iterations: 2, intervalSeconds: 3 });
    await scenario.end();
    return scenario;
  });
  return value;
}

describe.concurrent('the traces of a worker', () => {
  test('have one trace of each run, by its id, with all that was done from the start to the last write', async () => {
    const collector = await startTraceCollector();
    await startTracedWorker('traced', collector.endpoint);
    const target = await deployTarget({ name: 'traced', namespace });
    const { handle } = await run(target, 'traced');
    const { runId } = await handle.describe();
    const ofRun = (): readonly CollectedSpan[] =>
      collector.spans().filter(({ traceId }) => traceId === runId.replaceAll('-', ''));
    await until('the last span', async () => ofRun().some(({ name }) => name === 'RunActivity:releaseTarget'));
    const [root, ...others] = ofRun().filter(({ parentSpanId }) => !parentSpanId);
    expect(others).toEqual([]);
    expect(root?.name).toBe('experiment');
    const children = ofRun().filter(({ parentSpanId }) => parentSpanId === root?.spanId);
    expect(children).toHaveLength(ofRun().length - 1);
    expect(children.map(({ name }) => name)).toEqual(
      expect.arrayContaining(
        ['readManifest', 'acquireTarget', 'preflight', 'patchTraffic', 'queryMetrics', 'computeWeights', 'runHelm'].map(
          (activity) => `RunActivity:${activity}`,
        ),
      ),
    );
    expect(new Set(ofRun().map(({ spanId }) => spanId)).size).toBe(ofRun().length);
    await collector.close();
  });

  test('hold nothing up where the collector is away, which the log says', async () => {
    const worker = await startTracedWorker('untraced', `http://127.0.0.1:${await freePort()}`);
    const target = await deployTarget({ name: 'untraced', namespace });
    const { end } = await run(target, 'untraced');
    expect((await end()).report).toMatchObject({ outcome: 'Promoted' });
    const log = await readFile(worker.logFile, 'utf8');
    expect(log).toContain('traces cannot be sent');
  });
});
