import { describe, expect, test } from 'vitest';
import { forecast } from '../../../core/offline/forecast.ts';
import type { Experiment, Task } from '../../../core/experiment/experiment.ts';
import { anExperiment } from '../../support/builders.ts';

function aLoad(amount: Extract<Task, { kind: 'collect' }>['amount'], requestsPerSecond = 8): Task {
  return {
    kind: 'collect',
    versions: [{ name: 'app', url: 'http://app', headers: [], requestsPerSecond }],
    amount,
    connections: 4,
    loadOnly: false,
  };
}

/** A conformance test with five loops of one iteration. */
function conformance(changes: Partial<Experiment>): Experiment {
  const baseline = { name: 'app', revision: 'app', variables: {} };
  const objectives = [{ metric: 'mean-latency', upperLimit: 50, rollbackOnFailure: false }];
  const own = { testingPattern: 'Conformance', baseline, candidates: [], objectives, start: [] } as const;
  return anExperiment({ ...own, iterations: 5, iterationsPerLoop: 1, intervalMs: 10_000, ...changes });
}

const fiveSeconds = { kind: 'duration', durationMs: 5_000 } as const;

describe('the forecast of an experiment with loads of its own', () => {
  test('counts 5 s at 8 a second as 40 requests, too few for the default of 100, and says what helps', () => {
    const { canPass, load, objectives, warnings } = forecast(conformance({ start: [aLoad(fiveSeconds)] }), {});
    expect(load).toEqual({ atStart: 40, perLoop: 0 });
    expect({ canPass, outlook: objectives[0]?.outlook }).toEqual({ canPass: false, outlook: 'tooLate' });
    expect(warnings).toEqual([
      'mean-latency needs at least 100 requests, but metrics/collect counts 40 by the last decision: no verdict can be reached; let metrics/collect send more (numQueries, or time and qps), or set serin.dev/min-samples to at most 40',
    ]);
  });

  test('can pass by the setting that it names', () => {
    const { canPass, objectives, warnings } = forecast(
      conformance({ start: [aLoad(fiveSeconds)], minSamples: 40 }),
      {},
    );
    expect({ canPass, warnings }).toEqual({ canPass: true, warnings: [] });
    expect(objectives[0]).toMatchObject({ outlook: 'planned', atBest: { requests: 40, afterMs: 10_000 } });
  });

  test('counts the loads of loops from the iteration after each', () => {
    const loop = [aLoad({ kind: 'requests', count: 60 })];
    const { steps, objectives, warnings } = forecast(conformance({ loop }), {});
    expect(steps.map(({ candidateRequests }) => candidateRequests)).toEqual([0, 60, 120, 180, 240]);
    expect(objectives[0]?.atBest).toEqual({ requests: 100, afterMs: 30_000 });
    expect(warnings).toEqual([]);
  });

  test('does not count the requests of users', () => {
    const { steps } = forecast(conformance({ start: [aLoad(fiveSeconds)] }), { requestsPerSecond: 1_000 });
    expect(steps.map(({ candidateRequests }) => candidateRequests)).toEqual([40, 40, 40, 40, 40]);
  });

  test('counts those of users where a load is no more than that', () => {
    const loadOnly = { ...aLoad(fiveSeconds), loadOnly: true } as Task;
    const { load, objectives } = forecast(conformance({ start: [loadOnly] }), { requestsPerSecond: 10 });
    expect(load).toBeUndefined();
    expect(objectives[0]?.outlook).toBe('planned');
  });
});
