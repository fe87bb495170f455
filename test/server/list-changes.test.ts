import { expect, test } from 'vitest';
import type { ListedExperiment } from '../../server/api.ts';
import { listChanges } from '../../server/list-changes.ts';
import type { ListReading } from '../../server/runs.ts';

function listed(runId: string, weight = 0): ListedExperiment {
  return { workflowId: `of-${runId}`, runId, isClosed: false, startedAtMs: 1, weights: [weight] };
}

async function changesOf(...readings: readonly ListReading[]) {
  const changes = [];
  for await (const { changed, removed, note } of listChanges(asStream(readings)))
    changes.push({ changed: changed.map(({ runId }) => runId), removed, note });
  return changes;
}

async function* asStream<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

test('the first change has all experiments, later ones what differs; a reading that changes nothing has none', async () => {
  const changes = await changesOf(
    { experiments: [listed('a'), listed('b')] },
    { experiments: [listed('a'), listed('b')] },
    { experiments: [listed('a', 10), listed('c')] },
  );
  expect(changes).toEqual([
    { changed: ['a', 'b'], removed: [], note: undefined },
    { changed: ['a', 'c'], removed: ['b'], note: undefined },
  ]);
});

test('an empty list is told too', async () => {
  expect(await changesOf({ experiments: [] })).toEqual([{ changed: [], removed: [], note: undefined }]);
});

test('a note that comes or goes is a change', async () => {
  const experiments = [listed('a')];
  const changes = await changesOf({ experiments }, { experiments, note: 'Temporal does not answer' }, { experiments });
  expect(changes.map(({ note }) => note)).toEqual([undefined, 'Temporal does not answer', undefined]);
});
