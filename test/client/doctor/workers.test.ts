import { describe, expect, test } from 'vitest';
import { workerFindings } from '../../../client/doctor/workers.ts';
import type { VersionedRun } from '../../../client/doctor/workers.ts';
import type { TaskQueue } from '../../../client/temporal/task-queue.ts';

const [one, two] = ['1', '2'].map((buildId) => ({ deploymentName: 'ns/serin', buildId }));
const queue: TaskQueue = { name: 'serin', current: undefined, polledBy: [] };

function on(version: VersionedRun['version'], ...workflowIds: readonly string[]): readonly VersionedRun[] {
  return workflowIds.map((workflowId) => ({ workflowId, version }));
}

/** The findings as `state what`. */
function lines(changes: Partial<TaskQueue>, runs: readonly VersionedRun[] = []): readonly string[] {
  return workerFindings({ ...queue, ...changes }, runs).map(({ state, what }) => `${state} ${what}`);
}

describe('workers without versions', () => {
  test('say nothing of versions, whatever runs', () => {
    expect(lines({ polledBy: [undefined] }, on(undefined, 'a'))).toEqual(['ok workers poll the task queue serin']);
  });

  test('fail where none polls', () => {
    expect(lines({})).toEqual(['fail no worker polls the task queue serin']);
  });

  test('do not help where a version is current', () => {
    expect(lines({ current: one, polledBy: [undefined] })).toEqual([
      'fail version 1 of ns/serin is current, and no worker of it polls; none runs on it',
    ]);
  });
});

describe('versions', () => {
  test('fail where none is current and no other worker polls, with the command that makes one current', () => {
    const [first, ...others] = workerFindings({ ...queue, polledBy: [one] }, []);
    expect(first).toEqual({
      state: 'fail',
      what: 'workers of version 1 of ns/serin poll the task queue serin, but no version is current',
      remedy: 'temporal worker deployment set-current-version --deployment-name ns/serin --build-id 1',
    });
    expect(others.map(({ what }) => what)).toEqual(['version 1 of ns/serin gets no new experiments; none runs on it']);
  });

  test('are all well while workers without a version take the new experiments', () => {
    expect(lines({ polledBy: [undefined, one] })).toEqual([
      'ok workers poll the task queue serin',
      'ok version 1 of ns/serin gets no new experiments; none runs on it',
    ]);
  });

  test('name who runs on which, three of them', () => {
    const runs = [...on(one, 'a', 'b', 'c', 'd', 'e'), ...on(two, 'f')];
    expect(lines({ current: two, polledBy: [one, two] }, runs)).toEqual([
      'ok workers poll the task queue serin',
      'ok version 2 of ns/serin is current; 1 runs on it: f',
      'ok version 1 of ns/serin gets no new experiments; 5 run on it: a, b, c and 2 more',
    ]);
  });

  test('fail where experiments are left on one without workers', () => {
    expect(lines({ current: two, polledBy: [two] }, on(one, 'a'))).toEqual([
      'ok workers poll the task queue serin',
      'ok version 2 of ns/serin is current; none runs on it',
      'fail version 1 of ns/serin gets no new experiments, and no worker of it polls; 1 runs on it: a',
    ]);
  });

  test('fail where one that gets a share of the new experiments has no workers', () => {
    expect(lines({ current: one, ramping: { version: two, percent: 10 }, polledBy: [one] })).toEqual([
      'ok workers poll the task queue serin',
      'ok version 1 of ns/serin is current; none runs on it',
      'fail version 2 of ns/serin gets 10 % of the new experiments, and no worker of it polls; none runs on it',
    ]);
  });

  test('take up what was begun without one', () => {
    expect(lines({ current: one, polledBy: [one] }, on(undefined, 'a', 'b'))).toContainEqual(
      'ok no version yet, until the current one takes them up: a, b',
    );
  });
});
