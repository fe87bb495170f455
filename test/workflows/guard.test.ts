import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sequentialAnalysis } from '../../core/experiment/analysis.ts';
import { anExperiment, someCounts } from '../support/builders.ts';
import { fakeWorld, measured } from '../support/fake-world.ts';
import type { WorldBehaviour } from '../support/fake-world.ts';
import { startWorkflowEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startWorkflowEnvironment();
});
afterAll(() => workflows.teardown());

const intervalMs = 60_000;

function guarded(behaviour: Partial<WorldBehaviour> = {}, guardMs: number | undefined = 2_000) {
  const analysis = { ...sequentialAnalysis, longestExtensionMs: 600_000, ...(guardMs && { guardMs }) };
  return fakeWorld({ experiment: anExperiment({ intervalMs, iterations: 2, analysis }), ...behaviour });
}

const failing = () => ({ isFailing: true });

describe('a guard', () => {
  test('has a candidate judged at once that fails, and so rolled back before its interval is over', async () => {
    const world = guarded({
      guard: failing,
      measure: (_, window) => ({ ...measured(window), candidate: someCounts({ requests: 1000, errors: 500 }) }),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'RolledBack', completedIterations: 0 });
    expect(report.reason).toMatch(/^failed: error-rate 0\.50/);
    expect(world.log.slice(0, 5)).toEqual(['preflight', 'traffic 10', 'guard', 'observe', 'traffic 0']);
    const { startedAtMs = 0, completedAtMs = Infinity } = report;
    expect(completedAtMs - startedAtMs).toBeLessThan(intervalMs);
  });

  test('takes nothing from a candidate that then is found to be good, and completes no iteration', async () => {
    const world = guarded({ guard: (n) => ({ isFailing: n === 1 }) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Promoted', completedIterations: 2 });
    expect(world.log.slice(0, 9)).toEqual([
      'preflight',
      'traffic 10',
      'guard',
      'observe',
      // It cuts an interval short once.
      'observe',
      'traffic 20',
      'guard',
      'observe',
      'traffic 100',
    ]);
    expect(report.history.map(({ iteration }) => iteration)).toEqual([0, 1, 2]);
    const { startedAtMs = 0, history } = report;
    expect(Math.round(((history[1]?.atMs ?? 0) - startedAtMs) / intervalMs)).toBeGreaterThanOrEqual(1);
  });

  test('that fails itself is no reason to end an interval', async () => {
    const world = guarded({ guard: () => Promise.reject(new TypeError('a bug')) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Promoted', completedIterations: 2 });
  });

  test('is asked to look every so often, until the iteration is due', async () => {
    const asked: { everyMs: number; leftMs: number }[] = [];
    const world = guarded({
      guard: (_, { everyMs, untilMs, query }) => {
        asked.push({ everyMs, leftMs: untilMs - (query.askedAtMs ?? 0) });
        return { isFailing: false };
      },
    });
    await workflows.run(world, (handle) => handle.result());
    expect(asked.map(({ everyMs }) => everyMs)).toEqual([2_000, 2_000]);
    for (const { leftMs } of asked) {
      expect(leftMs).toBeGreaterThan(0);
      expect(leftMs).toBeLessThanOrEqual(intervalMs);
    }
  });

  test('is not there where the manifest asks for none', async () => {
    const world = guarded({ guard: failing }, 0);
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('Promoted');
    expect(world.log).not.toContain('guard');
  });
});
