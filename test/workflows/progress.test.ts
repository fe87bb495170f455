import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noCounts } from '../../core/measurements/measurement.ts';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld, measured } from '../support/fake-world.ts';
import { startWorkflowEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startWorkflowEnvironment();
});
afterAll(() => workflows.teardown());

describe('a good candidate', () => {
  test('climbs step by step and is promoted after the last iteration', async () => {
    const world = fakeWorld();
    const report = await workflows.run(world, (handle) => handle.result());
    expect(world.log).toEqual([
      'preflight',
      'traffic 10',
      'observe',
      'traffic 20',
      'observe',
      'traffic 30',
      'observe',
      'traffic 40',
      'observe',
      'traffic 50',
      'observe',
      'traffic 100',
      'task helm upgrade sample-app https://charts/candidate-values.tgz',
      'latest candidate',
      'release',
    ]);
    expect(report).toMatchObject({ stage: 'Completed', outcome: 'Promoted', winner: 'candidate' });
    expect(report.reason).toContain('error-rate');
  });

  test('is written with a rising sequence of one plan', async () => {
    const world = fakeWorld();
    const report = await workflows.run(world, (handle) => handle.result());
    expect(world.patches.map(({ plan }) => plan.sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(world.patches.map(({ plan }) => plan.firstRunId))).toEqual(new Set([report.firstRunId]));
  });

  test('stays pinned when the chart decides about later deployments itself', async () => {
    const world = fakeWorld({ mayFollowLatest: false });
    await workflows.run(world, (handle) => handle.result());
    expect(world.log.filter((entry) => entry.startsWith('latest'))).toEqual([]);
  });

  test('keeps the split it found when the pattern is FixedSplit', async () => {
    const experiment = anExperiment({ deploymentPattern: 'FixedSplit', iterations: 3 });
    const world = fakeWorld({ experiment, weights: [30] });
    await workflows.run(world, (handle) => handle.result());
    expect(world.patches.map(({ shares }) => shares[1]?.percent)).toEqual([30, 100, 100]);
  });

  test('does not climb beyond maxCandidateWeight', async () => {
    const experiment = anExperiment({ weights: { maxCandidateWeight: 25, maxCandidateWeightIncrement: 20 } });
    const world = fakeWorld({ experiment });
    await workflows.run(world, (handle) => handle.result());
    expect(world.patches.map(({ shares }) => shares[1]?.percent)).toEqual([20, 25, 100, 100]);
  });
});

describe('a bad candidate', () => {
  test('is rolled back at once, before anything else happens, and the baseline is released', async () => {
    const world = fakeWorld({ measure: (n, window) => measured(window, n === 2 ? { errors: 200 } : {}) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(world.log.slice(world.log.lastIndexOf('observe') + 1)).toEqual([
      'traffic 0',
      'task helm upgrade sample-app https://charts/values.tgz',
      'latest baseline',
      'release',
    ]);
    expect(report.outcome).toBe('RolledBack');
    expect(report.reason).toMatch(/error-rate 0\.1\d* > limit 0\.01\d*, 2000 requests/);
  });

  test('drops to the floor and may recover where roll back on failure is off', async () => {
    const objectives = [{ metric: 'mean-latency' as const, upperLimit: 50, rollbackOnFailure: false }];
    const experiment = anExperiment({ objectives, iterations: 6 });
    const slowAtFirst = (n: number): { latencyMs: number; requests: number } =>
      n === 2 ? { latencyMs: 100, requests: 1000 } : { latencyMs: 10, requests: n < 3 ? 100 : 10_000 };
    const world = fakeWorld({ experiment, measure: (n, window) => measured(window, slowAtFirst(n)) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(world.patches.map(({ shares }) => shares[1]?.percent)).toEqual([10, 20, 5, 15, 25, 35, 100, 100]);
    expect(report.outcome).toBe('Promoted');
  });

  test('is rolled back at the end when it still fails', async () => {
    const objectives = [{ metric: 'mean-latency' as const, upperLimit: 50, rollbackOnFailure: false }];
    const world = fakeWorld({
      experiment: anExperiment({ objectives }),
      measure: (_n, window) => measured(window, { latencyMs: 100 }),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'RolledBack', completedIterations: 5 });
    expect(report.reason).toContain('failed');
  });
});

describe('a candidate without traffic', () => {
  test('is undecided at the end, said so, and never promoted', async () => {
    const world = fakeWorld({
      measure: (_n, window) => ({ kind: 'measured', ...window, baseline: noCounts, candidate: noCounts }),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(world.patches.map(({ shares }) => shares[1]?.percent)).toEqual([10, 0, 0]);
    expect(report.outcome).toBe('RolledBack');
    expect(report.reason).toContain('undecided');
    expect(report.reason).toContain('0 of 100 requests');
  });

  test('is undecided without objectives too', async () => {
    const world = fakeWorld({
      experiment: anExperiment({ objectives: [] }),
      measure: (_n, window) => ({ kind: 'measured', ...window, baseline: noCounts, candidate: noCounts }),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'RolledBack', reason: 'undecided: 0 of 100 requests' });
  });
});

describe('out of sight', () => {
  test('holds the weight, counts no iteration, and goes on when the metrics are back', async () => {
    const world = fakeWorld({
      measure: (n, window) => (n === 2 || n === 3 ? { kind: 'blind', reason: 'no answer' } : measured(window)),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(world.patches.map(({ shares }) => shares[1]?.percent)).toEqual([10, 20, 30, 40, 50, 100, 100]);
    expect(world.observations).toBe(7);
    expect(report.outcome).toBe('Promoted');
  });

  test('holds the weight through five minutes without Prometheus at 25 %, resumes, and is not rolled back (T2)', async () => {
    const isBlind = (n: number): boolean => n > 1 && n <= 11;
    const world = fakeWorld({
      experiment: anExperiment({
        intervalMs: 30_000,
        iterations: 3,
        weights: { maxCandidateWeight: 50, maxCandidateWeightIncrement: 25 },
      }),
      measure: (n, window) => (isBlind(n) ? { kind: 'blind', reason: 'no answer' } : measured(window)),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(world.patches.map(({ shares }) => shares[1]?.percent)).toEqual([25, 50, 100, 100]);
    expect(world.observations).toBe(13);
    expect(report).toMatchObject({ outcome: 'Promoted', completedIterations: 3 });
  });

  test('rolls back beyond the limit', async () => {
    const world = fakeWorld({
      experiment: anExperiment({ blindLimitMs: 30_000 }),
      measure: (n, window) => (n > 1 ? { kind: 'blind', reason: 'Prometheus does not answer' } : measured(window)),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('RolledBack');
    expect(report.reason).toBe('blind for longer than 30 s: Prometheus does not answer');
    expect(world.observations).toBe(5);
  });

  test('holds beyond the limit where the policy says so', async () => {
    const world = fakeWorld({
      experiment: anExperiment({ blindLimitMs: 30_000, onBlind: 'hold' }),
      measure: (n, window) => (n > 1 && n < 20 ? { kind: 'blind', reason: 'no answer' } : measured(window)),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('Promoted');
  });

  test('treats an unreachable cluster as out of sight', async () => {
    const world = fakeWorld({
      target: (n, written) => (n === 2 ? { kind: 'unreachable', reason: 'API server does not answer' } : written),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(world.observations).toBe(6);
    expect(report.outcome).toBe('Promoted');
  });

  test('never promotes on a measurement that cannot be used', async () => {
    const world = fakeWorld({
      experiment: anExperiment({ blindLimitMs: 30_000 }),
      measure: (n, window) => (n < 5 ? measured(window) : { kind: 'error', reason: 'two series for one value' }),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('RolledBack');
    expect(report.reason).toContain('two series for one value');
  });
});
