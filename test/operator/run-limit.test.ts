import { describe, expect, test } from 'vitest';
import type { ExperimentOutline } from '../../operator/experiment-object.ts';
import type { OperatorDependencies } from '../../operator/object-writes.ts';
import { PendingAborts } from '../../operator/pending-aborts.ts';
import { createReconciler } from '../../operator/reconcile.ts';
import { findNext, findTurn } from '../../operator/run-limit.ts';
import type { Runs } from '../../operator/runs.ts';
import { findCondition } from '../../operator/status/conditions.ts';
import { readableByIter8 } from '../support/iter8-status.ts';
import { failedStatus, initialStatus, withTrouble } from '../../operator/status/experiment-status.ts';
import type { ExperimentStatus } from '../../operator/status/experiment-status.ts';

const initial = initialStatus(0);
const started: ExperimentStatus = { ...initial, serin: { workflowId: 'w' } };
const ended = failedStatus(started, { reason: 'HandlerFailed', message: 'no' }, 0);
const lost = withTrouble(started, { reason: 'WorkflowNotFound', message: 'no' }, 0);

/** An Experiment that was created at this second of a minute. */
function anOutline(name: string, second: number, status?: ExperimentStatus): ExperimentOutline {
  const creationTimestamp = new Date(Date.UTC(2026, 10, 29, 12, 0, second));
  return {
    apiVersion: 'iter8.tools/v2alpha2',
    kind: 'Experiment',
    metadata: { name, namespace: 'team-a', uid: name, resourceVersion: '1', creationTimestamp },
    ...(status === undefined ? {} : { status }),
  };
}

function deleted(outline: ExperimentOutline): ExperimentOutline {
  return { ...outline, metadata: { ...outline.metadata, deletionTimestamp: new Date() } };
}

const names = (outlines: readonly ExperimentOutline[]): readonly string[] =>
  outlines.map(({ metadata }) => metadata.name);

describe('the limit on runs of a namespace', () => {
  const [oldest, middle, newest] = [anOutline('z', 1), anOutline('y', 2, initial), anOutline('x', 3)];

  test('lets the oldest start, as many as there is room for, and tells the others their places', () => {
    const all = [newest, middle, oldest, anOutline('w', 9, started)];
    expect(findTurn(oldest, all, 2)).toEqual({ kind: 'start' });
    expect(findTurn(middle, all, 2)).toEqual({ kind: 'wait', place: { runs: 2, maxRuns: 2, number: 1 } });
    expect(findTurn(newest, all, 2)).toEqual({ kind: 'wait', place: { runs: 2, maxRuns: 2, number: 2 } });
    expect(names(findNext(all, 2))).toEqual(['z']);
  });

  test('counts a deleted Experiment whose run has not ended, and starts none that is deleted', () => {
    const all = [deleted(anOutline('running', 0, started)), deleted(oldest), middle];
    expect(findTurn(middle, all, 1)).toEqual({ kind: 'wait', place: { runs: 1, maxRuns: 1, number: 1 } });
    expect(findNext(all, 1)).toEqual([]);
    expect(names(findNext(all, 2))).toEqual(['y']);
  });

  test.each([
    ['has ended', ended],
    ['Temporal does not know', lost],
  ])('gives the place of a run that %s to the next', (_, status) => {
    const all = [anOutline('before', 0, status), newest, oldest];
    expect(names(findNext(all, 1))).toEqual(['z']);
    expect(findTurn(oldest, all, 1)).toEqual({ kind: 'start' });
  });

  test('that was lowered below the number of runs lets all of these go on', () => {
    const all = [anOutline('a', 0, started), anOutline('b', 0, started), oldest];
    expect(findTurn(oldest, all, 1)).toEqual({ kind: 'wait', place: { runs: 2, maxRuns: 1, number: 1 } });
  });

  test('orders Experiments of one second by their names, whatever the order of the list', () => {
    const [a, b, c] = [anOutline('a', 5), anOutline('b', 5), anOutline('c', 5)];
    for (const all of [
      [a, b, c],
      [c, b, a],
    ])
      expect(names(findNext(all, 2))).toEqual(['a', 'b']);
  });
});

/** An operator over these objects, of which each has a spec that can be used; what it did is in `reads`, `starts` and `events`. */
function anOperator(objects: ExperimentOutline[] | undefined) {
  const [reads, starts, events]: [string[], string[], string[]] = [[], [], []];
  const versions = { baseline: { name: 'v1' }, candidates: [{ name: 'v2' }] };
  const spec = { target: 'app', strategy: { testingPattern: 'Canary' }, versionInfo: null, ...versions };
  const log = { info: () => undefined, warn: () => undefined };
  const runs: Runs = {
    start: async (workflowId) => void starts.push(workflowId.split('/')[3] ?? ''),
    observe: () => expect.fail('nothing is observed'),
    abort: () => expect.fail('nothing is aborted'),
  };
  const dependencies: OperatorDependencies = {
    cluster: {
      readExperiment: async (outline) => (reads.push(outline.metadata.name), { ...outline, spec }),
      setFinalizers: async (outline) => outline,
      writeStatus: async (outline, status) => {
        const written = { ...outline, status };
        objects?.splice(
          objects.findIndex(({ metadata }) => metadata.uid === outline.metadata.uid),
          1,
          written,
        );
        return written;
      },
      writeEvent: async (_, { reason }) => void events.push(reason),
      watch: () => expect.fail('nothing is watched'),
    },
    experimentsOf: () => objects,
    maxRunsPerNamespace: 1,
    restoreClusterOf: () => expect.fail('nothing is restored'),
    runs,
    pendingAborts: new PendingAborts(runs, log),
    log,
    stopping: AbortSignal.abort(),
  };
  const { reconcile } = createReconciler(dependencies);
  return { reconcile, reads, starts, events };
}

test('an Experiment that another controller left unfinished is not run anew: it says what to do', async () => {
  const objects = [{ ...anOutline('old', 1), leftAt: 'Running' }];
  const { reconcile, reads, starts, events } = anOperator(objects);
  const [old = expect.fail()] = objects;
  expect(await reconcile(old)).toBeUndefined();
  const message =
    'another controller left this Experiment at stage Running, and its run cannot be resumed; traffic untouched; to run it anew, delete it and create it again';
  const { status } = objects[0] ?? {};
  expect(readableByIter8(status)).toMatchObject({ stage: 'Completed', serin: { outcome: 'Failed', reason: message } });
  expect(findCondition(status?.conditions ?? [], 'Failed')).toMatchObject({ reason: 'LeftUnfinished', message });
  expect({ reads, starts, events }).toEqual({ reads: [], starts: [], events: ['Failed'] });
});

describe('an Experiment over the limit', () => {
  const message =
    '1 run is going on in this namespace, which may have 1 at a time; this Experiment is number 1 of those that wait, and starts by itself';

  test('says so, waits without being read again, and starts when the run before it has ended', async () => {
    const objects = [anOutline('first', 1, started), anOutline('second', 2)];
    const { reconcile, reads, starts, events } = anOperator(objects);
    const second = (): ExperimentOutline => objects[1] ?? expect.fail();
    for (let time = 1; time <= 3; time += 1) expect(await reconcile(second())).toEqual({ afterMs: 1_000 });
    expect(second().status?.message).toBe(`Queued: ${message}`);
    for (const type of ['Ready', 'Progressing'] as const) {
      const condition = findCondition(second().status?.conditions ?? [], type);
      expect(condition).toMatchObject({ status: 'False', reason: 'Queued', message });
    }
    expect({ reads, starts, events }).toEqual({ reads: ['second'], starts: [], events: ['Queued'] });
    objects[0] = anOutline('first', 1, ended);
    await reconcile(second());
    expect(starts).toEqual(['second']);
    expect(second().status).toMatchObject({ stage: 'Waiting', serin: { workflowId: expect.any(String) } });
    expect(JSON.stringify(second().status)).not.toContain('Queued');
    expect(events).toEqual(['Queued', 'Started']);
  });

  test('is not started while it is not known which others there are', async () => {
    const { reconcile, reads, starts } = anOperator(undefined);
    expect(await reconcile(anOutline('first', 1))).toEqual({ afterMs: 200 });
    expect([...reads, ...starts]).toEqual([]);
  });

  test('is looked at less often the longer the queue is before it', async () => {
    const crowd = Array.from({ length: 200 }, (_, index) => anOutline(`crowd-${1000 + index}`, 2));
    const { reconcile } = anOperator([anOutline('first', 1, started), ...crowd]);
    const waits = await Promise.all([0, 9, 199].map(async (index) => reconcile(crowd[index] ?? expect.fail())));
    expect(waits).toEqual([{ afterMs: 1_000 }, { afterMs: 10_000 }, { afterMs: 60_000 }]);
  });
});
