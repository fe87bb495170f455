import { readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { findHistory, historyFile, listHistories, requireHistory } from '../support/recorded-histories.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';
import { recordings } from './recordings.ts';

const histories = listHistories();

function readHistory(path: string): ReturnType<typeof historyFromJSON> {
  return historyFromJSON(JSON.parse(readFileSync(path, 'utf8')));
}

async function replay(codePath: string, path: string): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: { codePath } }, readHistory(path));
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

  test('are of every kind of ending', () => {
    expect(Object.keys(recordings).filter((name) => findHistory(name) === undefined)).toEqual([]);
  });

  test.each(histories)('of release $release: $name replays', async (history) => {
    await replay(bundle, historyFile(history));
  });
});

test('a workflow that decides otherwise is refused', async () => {
  const changed = await bundleWorkflows({ 'core/planner/plan-candidate.ts': 'test/support/changed-plan.ts' });
  await expect(replay(changed, requireHistory('promoted'))).rejects.toThrow(DeterminismViolationError);
});

test('changed statistics replay what was judged before them', async () => {
  const changed = await bundleWorkflows({ 'core/verdicts/sequential.ts': 'test/support/changed-statistics.ts' });
  expect(readFileSync(changed, 'utf8')).toContain('a replay must not judge again');
  await replay(changed, requireHistory('sequential'));
});
