import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { temporalPath } from '../test/support/tools.ts';
import { anExperiment } from '../test/support/builders.ts';
import { fakeWorld } from '../test/support/fake-world.ts';
import { decisionDelays, eventsPerIteration } from './history.ts';
import { quantile } from './quantile.ts';
import { activitiesPerWorkflow } from './worlds.ts';
import { workflowType } from '../contract/names.ts';
import type { ExperimentWorkflow } from '../contract/workflow.ts';

/**
 * Many experiments at once on one worker and one dev server, with the far ends faked: how late is a decision after its timer
 * was due? Starts are spread over one interval, as they are in life. Prints figures; asserts nothing.
 */
const { values } = parseArgs({
  options: {
    experiments: { type: 'string', default: '200' },
    iterations: { type: 'string', default: '5' },
    interval: { type: 'string', default: '12' },
  },
});
const count = Number(values.experiments);
const iterations = Number(values.iterations);
const intervalMs = Number(values.interval) * 1000;

Runtime.install({ logger: new DefaultLogger('ERROR') });
const env = await TestWorkflowEnvironment.createLocal({
  server: {
    executable: { type: 'existing-path', path: await temporalPath() },
    ui: false,
    log: { format: 'pretty', level: 'error' },
  },
});
try {
  const experiment = anExperiment({ iterations, intervalMs });
  const activities = activitiesPerWorkflow(() => fakeWorld({ experiment }));
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: 'bench',
    workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    activities,
  });
  await worker.runUntil(async () => {
    const handles = await startSpread();
    console.error(`${count} experiments started over ${values.interval} s; waiting for their ends`);
    await Promise.all(handles.map((handle) => handle.result()));
    await print(handles);
  });
} finally {
  await env.teardown();
}

async function startSpread(): Promise<WorkflowHandle[]> {
  const handles: Promise<WorkflowHandle>[] = [];
  for (let n = 0; n < count; n += 1) {
    const options = { taskQueue: 'bench', workflowId: `bench-${n}`, args: ['manifest'] as [string] };
    handles.push(env.client.workflow.start<ExperimentWorkflow>(workflowType, options));
    await delay(intervalMs / count);
  }
  return Promise.all(handles);
}

async function print(handles: readonly WorkflowHandle[]): Promise<void> {
  const histories = await Promise.all(handles.map((handle) => handle.fetchHistory()));
  const delays = histories.flatMap((history) => decisionDelays(history)).sort((a, b) => a - b);
  const events = histories.flatMap((history) => eventsPerIteration(history));
  console.log(`experiments                      ${count}`);
  console.log(`decisions                        ${delays.length}`);
  console.log(`timer due to decision, median    ${quantile(delays, 0.5).toFixed(0)} ms`);
  console.log(`timer due to decision, p99       ${quantile(delays, 0.99).toFixed(0)} ms`);
  console.log(`timer due to decision, worst     ${quantile(delays, 1).toFixed(0)} ms`);
  console.log(`history events an iteration      ${Math.min(...events)} to ${Math.max(...events)}`);
}
