import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { anExperiment, someCounts } from '../support/builders.ts';
import { fakeWorld, worldFailure, withBaseline } from '../support/fake-world.ts';
import type { WorldBehaviour } from '../support/fake-world.ts';
import { startWorkflowEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startWorkflowEnvironment();
});
afterAll(() => workflows.teardown());

describe('a conformance test', () => {
  const experiment = anExperiment({ testingPattern: 'Conformance', candidates: [], finish: [] });

  /** A world whose version has `errors(n)` errors in 1000 requests of the n-th interval. */
  function aWorld(errors: (n: number) => number, changes: Partial<WorldBehaviour> = {}) {
    return fakeWorld({
      experiment,
      weights: [100],
      measure: (n, { fromMs, toMs }) => {
        return { kind: 'measured', fromMs, toMs, baseline: someCounts({ errors: errors(n) }), candidates: [] };
      },
      ...changes,
    });
  }

  test('judges the only version, writes no traffic, and concludes', async () => {
    const world = aWorld(() => 0);
    const report = await workflows.run(world, (handle) => handle.result());
    expect(world.log).toEqual(['preflight', ...Array.from({ length: 5 }, () => 'observe'), 'release']);
    expect(report).toMatchObject({
      outcome: 'Concluded',
      winner: 'current',
      completedIterations: 5,
      weights: { baseline: 100, candidates: [] },
    });
  });

  test('concludes at once, without a winner, on a failure that asks for it', async () => {
    const world = aWorld((n) => (n === 2 ? 500 : 0));
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Concluded', completedIterations: 2, recommended: 'current' });
    expect(report.reason).toMatch(/^failed: error-rate/);
    expect(report.winner).toBeUndefined();
    expect(world.patches).toEqual([]);
  });

  test('leaves the traffic alone when it is aborted or fails', async () => {
    const aborted = aWorld(() => 0);
    const report = await workflows.run(aborted, async (handle) => {
      await handle.signal('abort', { by: 'alice' });
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted', reason: expect.stringContaining('traffic untouched') });
    const gone = aWorld(() => 0, { target: (_n, target) => withBaseline(target, { kind: 'gone' }) });
    await expect(workflows.run(gone, (handle) => handle.result())).rejects.toThrow();
    expect([...aborted.patches, ...gone.patches]).toEqual([]);
  });
});

describe('an A/B/N test', () => {
  const candidates = ['green', 'red'].map((name) => {
    return { name, revision: `sample-app-${name}`, variables: { promote: name } };
  });
  const experiment: Experiment = anExperiment({
    testingPattern: 'A/B/N',
    reward: { metric: 'mean-latency', preferredDirection: 'Low' },
    candidates,
  });

  function aWorld(versions: (n: number) => readonly Parameters<typeof someCounts>[0][], changes = {}) {
    return fakeWorld({
      experiment,
      weights: [0, 0],
      measure: (n, { fromMs, toMs }) => {
        const [baseline = someCounts(), ...others] = versions(n).map((version) => someCounts(version));
        return { kind: 'measured', fromMs, toMs, baseline, candidates: others };
      },
      ...changes,
    });
  }

  test('promotes the candidate with the best reward, with its own variables', async () => {
    const world = aWorld(() => [{ latencyMs: 30 }, { latencyMs: 20 }, { latencyMs: 10 }]);
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Promoted', winner: 'red' });
    expect(world.log.filter((entry) => entry.startsWith('traffic'))).toEqual([
      'traffic 10 10',
      'traffic 3 20',
      'traffic 3 30',
      'traffic 3 40',
      'traffic 3 50',
      'traffic 0 100',
    ]);
    expect(world.log).toContain('task helm upgrade sample-app https://charts/red.tgz');
  });

  test('goes on without a candidate that fails', async () => {
    const world = aWorld((n) => [{ latencyMs: 30 }, { latencyMs: 20 }, { latencyMs: 10, errors: n === 2 ? 500 : 0 }]);
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Promoted', winner: 'green' });
    expect(report.judged[1]).toMatchObject({ out: expect.stringMatching(/^failed: error-rate/) });
    expect(report.warnings).toContainEqual(expect.stringMatching(/^red is eliminated: failed: error-rate/));
  });

  test('rolls back to the baseline when that has the best reward', async () => {
    const world = aWorld(() => [{ latencyMs: 10 }, { latencyMs: 20 }, { latencyMs: 30 }]);
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'RolledBack' });
    expect(report.reason).toMatch(/^the baseline has the best reward: mean-latency 20\.0 ms against 10\.0 ms/);
    expect(world.patches.at(-2)?.shares.map(({ percent }) => percent)).toEqual([100, 0, 0]);
  });

  test('brings all candidates to 0 % when a finish action fails', async () => {
    const world = aWorld(() => [{ latencyMs: 30 }, { latencyMs: 20 }, { latencyMs: 10 }], {
      onTask: () => {
        throw worldFailure('CommandFailed');
      },
    });
    await expect(workflows.run(world, (handle) => handle.result())).rejects.toThrow();
    expect(world.patches.at(-1)?.shares.map(({ percent }) => percent)).toEqual([100, 0, 0]);
  });
});

test('BlueGreen begins with the maximum', async () => {
  const world = fakeWorld({ experiment: anExperiment({ deploymentPattern: 'BlueGreen' }) });
  await workflows.run(world, (handle) => handle.result());
  expect(world.log.filter((entry) => entry.startsWith('traffic'))).toEqual(['traffic 100', 'traffic 100']);
});

test('versions that the manifest does not name are found on the target', async () => {
  const unknown = { name: 'baseline', revision: '', variables: {} };
  const experiment = anExperiment({ baseline: unknown, candidates: [unknown], discovers: true });
  const world = fakeWorld({ experiment });
  const report = await workflows.run(world, (handle) => handle.result());
  expect(report).toMatchObject({ outcome: 'Promoted', winner: 'candidate', baseline: { revision: 'sample-app-v1' } });
});
