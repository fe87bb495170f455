import { afterAll, beforeAll, expect, test } from 'vitest';
import { failedExperiment } from '../support/failed-experiment.ts';
import { fakeWorld } from '../support/fake-world.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';
import { startWorkflowEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startWorkflowEnvironment(
    await bundleWorkflows({ 'core/planner/plan-candidate.ts': 'test/support/broken-plan.ts' }),
  );
});
afterAll(() => workflows.teardown());

test('a TypeError in the plan ends the experiment as Failed, with 100 % on the baseline', async () => {
  const world = fakeWorld();
  const { type, message, report } = await workflows.run(world, failedExperiment);
  expect(type).toBe('Bug');
  expect(message).toMatch(/^TypeError: .*; traffic is 100 % on sample-app-v1$/);
  expect(report).toMatchObject({ outcome: 'Failed', weights: { baseline: 100, candidates: [0] } });
  expect(world.log).toEqual(['preflight', 'traffic 10', 'observe', 'traffic 0', 'release']);
});
