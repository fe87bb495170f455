import { readFileSync, readdirSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleWorkflows } from '../support/workflow-bundle.ts';

const folder = new URL('histories/', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''));

type History = ReturnType<typeof historyFromJSON>;

function readHistory(name: string): History {
  return historyFromJSON(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')));
}

async function replay(codePath: string, name: string): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: { codePath } }, readHistory(name), name);
}

beforeAll(() => {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
});

describe('recorded experiments', () => {
  let bundle: string;
  beforeAll(async () => {
    bundle = await bundleWorkflows();
  });

  test('there are some of every kind of ending', () => {
    expect(names).toEqual(expect.arrayContaining(['promoted', 'rolled-back', 'aborted', 'cancelled', 'failed-finish']));
  });

  test.each(names)('%s replays', async (name) => {
    await replay(bundle, name);
  });
});

test('a workflow that decides otherwise is refused', async () => {
  const changed = await bundleWorkflows({ 'core/planner/plan-candidate.ts': 'test/support/changed-plan.ts' });
  await expect(replay(changed, 'promoted')).rejects.toThrow(DeterminismViolationError);
});

test('changed statistics replay what was judged before them', async () => {
  const changed = await bundleWorkflows({ 'core/verdicts/sequential.ts': 'test/support/changed-statistics.ts' });
  expect(readFileSync(changed, 'utf8')).toContain('a replay must not judge again');
  await replay(changed, 'sequential');
});
