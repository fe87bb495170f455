import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as messages from '../../contract/messages.ts';
import { anExperiment, someCounts } from '../support/builders.ts';
import { fakeWorld, measured, withBaseline, withCandidate } from '../support/fake-world.ts';
import type { WorldBehaviour } from '../support/fake-world.ts';
import { untilReport } from '../support/until-report.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';

/** On a real server: the one that skips time stands still while people look and nobody waits for a result. */
let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startServerEnvironment();
});
afterAll(() => workflows.teardown());

const intervalMs = 1_000;

/** Promoted at the first observation, then watched for three intervals, unless told otherwise. */
function baking(behaviour: Partial<WorldBehaviour> = {}, changes: Parameters<typeof anExperiment>[0] = {}) {
  const experiment = anExperiment({ intervalMs, iterations: 1, bakeMs: 3 * intervalMs, ...changes });
  return fakeWorld({ experiment, ...behaviour });
}

const promotion = [
  'preflight',
  'traffic 10',
  'observe',
  'traffic 100',
  expect.stringContaining('candidate-values'),
  'traffic 100',
];

describe('a promoted version', () => {
  test('is watched for its bake time, pinned; then the traffic follows it', async () => {
    const world = baking();
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Promoted', winner: 'candidate' });
    expect(report.baking).toBeUndefined();
    expect(world.log).toEqual([...promotion, 'observe', 'observe', 'observe', 'latest candidate', 'release']);
    const { startedAtMs = 0, completedAtMs = 0 } = report;
    expect(completedAtMs - startedAtMs).toBeGreaterThanOrEqual(4 * intervalMs);
    expect(report.history.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('all objectives pass'),
      'promoted, and watched, 2 more intervals: within the limits',
      'promoted, and watched, 1 more interval: within the limits',
      'promoted, and watched, for the last time: within the limits',
    ]);
  });

  test('that fails then is rolled back, and its release with it', async () => {
    const world = baking({ measure: (n, window) => measured(window, n > 1 ? { errors: 500 } : {}) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('RolledBack');
    expect(report.reason).toMatch(/^after the promotion: failed: error-rate/);
    expect(world.log.slice(6)).toEqual([
      'observe',
      'traffic 0',
      expect.stringContaining('/values.tgz'),
      expect.stringContaining('latest'),
      'release',
    ]);
  });

  test('is judged by what it answers since then, not by what it answered before', async () => {
    // Thirty errors of a thousand are beyond the limit of one percent; of all that it has answered they would not be.
    const experiment = anExperiment({ intervalMs, iterations: 10, bakeMs: intervalMs });
    const world = fakeWorld({
      experiment,
      measure: (n, window) => measured(window, n > 10 ? { errors: 30 } : {}),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('RolledBack');
  });

  test('stays where its metrics are out of sight', async () => {
    const world = baking({
      measure: (n, window) => (n > 1 ? { kind: 'blind', reason: 'no answer' } : measured(window)),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('Promoted');
    expect(report.history.at(-1)?.reason).toBe('promoted, and watched; blind: no answer');
    expect(report.warnings).toContain(
      'nothing could be measured in the bake time of 3 s: nobody has watched the promoted version',
    );
  });

  test('that is unready at the end is watched on, until it is ready or its grace is over', async () => {
    const unready = { kind: 'unready', reason: 'CrashLoopBackOff' } as const;
    const back = baking({ target: (n, written) => (n > 2 && n < 6 ? withCandidate(written, unready) : written) });
    const report = await workflows.run(back, (handle) => handle.result());
    expect(report.outcome).toBe('Promoted');
    expect(back.observations).toBe(6);
    const lost = baking(
      { target: (n, written) => (n > 2 ? withCandidate(written, unready) : written) },
      { candidateGraceMs: 5 * intervalMs },
    );
    const { outcome, reason } = await workflows.run(lost, (handle) => handle.result());
    expect(outcome).toBe('RolledBack');
    expect(reason).toMatch(/^after the promotion: candidate revision .* CrashLoopBackOff/);
  });

  test('is rolled back where its revision goes', async () => {
    const world = baking({ target: (n, written) => (n > 2 ? withCandidate(written, { kind: 'gone' }) : written) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.reason).toMatch(/^after the promotion: candidate revision .* is gone$/);
    expect(report.outcome).toBe('RolledBack');
  });

  test('whose traffic somebody edits is theirs: the run fails, and writes nothing', async () => {
    const edited = [{ revisionName: 'sample-app-blue', percent: 100 }];
    const world = baking({
      target: (n, written) => (n > 2 && written.kind === 'observed' ? { ...written, specTraffic: edited } : written),
    });
    const error: unknown = await workflows.run(world, async (handle) =>
      handle.result().catch((caught: unknown) => caught),
    );
    expect(error).toMatchObject({ cause: { type: 'Drift', message: expect.stringContaining('promoted, but then: ') } });
    expect(world.log.at(-1)).toBe('release');
    expect(world.log.filter((entry) => entry === 'traffic 0')).toEqual([]);
  });

  test('stays where the baseline is gone, to which nothing could go back', async () => {
    const world = baking({ target: (n, written) => (n > 2 ? withBaseline(written, { kind: 'gone' }) : written) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('Promoted');
    expect(report.warnings).toContain('the baseline is gone: what is promoted cannot be rolled back');
  });
});

describe('of several candidates the one that was promoted', () => {
  const candidates = ['green', 'red'].map((name) => {
    return { name, revision: `sample-app-${name}`, variables: { promote: name } };
  });

  /** Of the two candidates the second is quicker; after the promotion each has so many errors. */
  function secondWins(errors: { readonly green: number; readonly red: number }) {
    const experiment = anExperiment({
      intervalMs,
      iterations: 1,
      bakeMs: 2 * intervalMs,
      testingPattern: 'A/B/N',
      reward: { metric: 'mean-latency', preferredDirection: 'Low' },
      candidates,
    });
    return fakeWorld({
      experiment,
      weights: [0, 0],
      measure: (n, { fromMs, toMs }) => {
        const [green, red] =
          n === 1 ? [{ latencyMs: 8 }, { latencyMs: 4 }] : [{ errors: errors.green }, { errors: errors.red }];
        const all = [{}, green, red].map((version) => someCounts(version));
        return { kind: 'measured', fromMs, toMs, baseline: all[0] ?? someCounts(), candidates: all.slice(1) };
      },
    });
  }

  test('is the one that is watched', async () => {
    const report = await workflows.run(secondWins({ green: 500, red: 0 }), (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Promoted', winner: 'red' });
  });

  test('is rolled back when it fails', async () => {
    const report = await workflows.run(secondWins({ green: 0, red: 500 }), (handle) => handle.result());
    expect(report.outcome).toBe('RolledBack');
    expect(report.reason).toMatch(/^after the promotion: failed: error-rate/);
  });
});

describe('people, while a promoted version is watched', () => {
  const world = () => baking({}, { bakeMs: 600_000 });

  test('roll it back at once', async () => {
    const watchedWorld = world();
    const report = await workflows.run(watchedWorld, async (handle) => {
      const watched = await untilReport(handle, ({ baking: now }) => now !== undefined);
      expect(watched).toMatchObject({ stage: 'Finishing', baking: { version: 'candidate' } });
      await handle.executeUpdate(messages.rejectUpdate, { args: [{ by: 'ada', reason: 'carts are empty' }] });
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'RolledBack', reason: 'promotion rejected by ada: carts are empty' });
    expect(watchedWorld.log).toContain('traffic 0');
  });

  test('can abort, but neither approve nor pause', async () => {
    const watchedWorld = world();
    await workflows.run(watchedWorld, async (handle) => {
      await untilReport(handle, ({ baking: now }) => now !== undefined);
      await expect(handle.executeUpdate(messages.approveUpdate, { args: [{}] })).rejects.toThrow();
      await expect(handle.executeUpdate(messages.pauseUpdate, { args: [{}] })).rejects.toThrow();
      await handle.signal(messages.abortSignal, { by: 'ada' });
      expect(await handle.result()).toMatchObject({ outcome: 'Aborted' });
    });
    expect(watchedWorld.log).toContain('traffic 0');
  });
});
