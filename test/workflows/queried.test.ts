import { setTimeout as delay } from 'node:timers/promises';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { abortSignal, askAgain, describeQuery } from '../../contract/messages.ts';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld } from '../support/fake-world.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import type { ExperimentHandle, WorkflowEnvironment } from '../support/workflow-environment.ts';

let codePath: string;
let workflows: WorkflowEnvironment;
beforeAll(async () => {
  codePath = await bundleWorkflows({ 'core/report/describe.ts': 'test/support/slow-description.ts' });
  workflows = await startServerEnvironment([], codePath);
});
afterAll(() => workflows.teardown());

/** The history of a run that is asked again and again, and aborted while it makes its first observation. */
async function runQueried(): Promise<string> {
  const world = fakeWorld({ experiment: anExperiment({ intervalMs: 1000 }) });
  const { queryMetrics } = world.activities;
  const { promise: running, resolve } = Promise.withResolvers<ExperimentHandle>();
  const interrupted: typeof queryMetrics = async (input) => {
    const handle = await running;
    const abort = world.observations === 0 ? handle.signal(abortSignal, { by: 'ada' }) : Promise.resolve();
    const [observation] = await Promise.all([queryMetrics(input), abort, delay(5)]);
    return observation;
  };
  const activities = { ...world.activities, queryMetrics: interrupted };
  return workflows.run({ ...world, activities }, async (handle) => {
    resolve(handle);
    const ended = new AbortController();
    const result = handle.result().finally(() => ended.abort());
    const ask = async (): Promise<void> => {
      while (!ended.signal.aborted) await handle.query(describeQuery).catch(() => undefined);
    };
    await Promise.all([result, ask(), ask()]);
    return historyToJSON(await handle.fetchHistory());
  });
}

/** Whether the workflow was told of an answer too late, which was refused. */
function hasRefusal(history: string): boolean {
  return history.includes(askAgain);
}

/** Such a moment is hit by about one run of ten. */
const [groups, runsOfGroup] = [15, 3];

test('runs that are asked all the time, and aborted in the middle of an observation, do what a replay does', async () => {
  const histories: string[] = [];
  for (let group = 0; group < groups && !histories.some(hasRefusal); group += 1) {
    histories.push(...(await Promise.all(Array.from({ length: runsOfGroup }, runQueried))));
  }
  expect(histories.some(hasRefusal)).toBe(true);
  for (const history of histories) {
    await Worker.runReplayHistory({ workflowBundle: { codePath } }, historyFromJSON(JSON.parse(history)));
  }
});
