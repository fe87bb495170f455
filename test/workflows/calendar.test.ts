import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as messages from '../../contract/messages.ts';
import { failure } from '../../activities/failures.ts';
import type { Closure } from '../../core/experiment/calendar.ts';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld, measured } from '../support/fake-world.ts';
import { untilReport } from '../support/until-report.ts';
import { startWorkflowEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startWorkflowEnvironment();
});
afterAll(() => workflows.teardown());

const experiment = anExperiment({ iterations: 2 });
const christmas: Closure = { why: 'Christmas', untilMs: Date.UTC(2027, 0, 4, 7) };

describe('a calendar that is closed', () => {
  test('holds the first step; what was checked before is checked again', async () => {
    let asked = 0;
    const world = fakeWorld({
      experiment,
      hasCalendar: true,
      calendar: (n) => (n === 0 && (asked += 1) <= 2 ? { why: 'Christmas' } : undefined),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Promoted' });
    expect(world.log.slice(0, 7)).toEqual([
      'preflight',
      'calendar',
      'calendar',
      'calendar',
      'preflight',
      'calendar',
      'traffic 10',
    ]);
  });

  test('does not let the first step through that was paused while it was asked', async () => {
    let pause = (): Promise<void> => Promise.reject(new Error('not started'));
    const world = fakeWorld({
      experiment,
      hasCalendar: true,
      calendar: async (n) => {
        if (n === 0) await pause();
        pause = async () => undefined;
        return undefined;
      },
    });
    const report = await workflows.run(world, async (handle) => {
      pause = () => handle.signal(messages.pauseSignal);
      await untilReport(handle, ({ paused }) => paused !== undefined);
      await untilReport(handle, () => world.log.includes('calendar'));
      await handle.signal(messages.resumeSignal);
      return handle.result();
    });
    expect(report.outcome).toBe('Promoted');
    expect(world.log.slice(0, 4)).toEqual(['preflight', 'calendar', 'calendar', 'traffic 10']);
  });

  test('holds the weight and counts no iteration', async () => {
    const world = fakeWorld({ experiment, calendar: (n) => (n === 1 || n === 2 ? christmas : undefined) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Promoted', completedIterations: 2 });
    expect(report.closed).toBeUndefined();
    expect(world.log.slice(1, 5)).toEqual(['traffic 10', 'observe', 'observe', 'observe']);
    const reason = 'closed until 2027-01-04 07:00:00 UTC: Christmas, weight held';
    expect(report.history.slice(0, 3).map((record) => [record.iteration, record.weightsAfter, record.reason])).toEqual([
      [0, [10], reason],
      [0, [10], reason],
      [1, [20], 'climbs 10 -> 20'],
    ]);
  });

  test('holds the promotion', async () => {
    const world = fakeWorld({ experiment, calendar: (n) => (n === 2 ? christmas : undefined) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Promoted', completedIterations: 2 });
    expect(world.observations).toBe(3);
  });

  test('holds no roll back', async () => {
    const world = fakeWorld({
      experiment,
      calendar: () => christmas,
      measure: (_, window) => measured(window, { errors: 900 }),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'RolledBack', completedIterations: 0 });
    expect(report.reason).toContain('failed: error-rate');
  });

  test('holds no abort, even before the first step', async () => {
    const world = fakeWorld({ experiment, hasCalendar: true, calendar: () => christmas });
    const report = await workflows.run(world, async (handle) => {
      const waiting = await untilReport(handle, ({ closed }) => closed !== undefined);
      expect(waiting).toMatchObject({ stage: 'Running', closed: christmas });
      await handle.signal(messages.abortSignal, { by: 'ada' });
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted', reason: 'aborted by ada' });
    expect(world.log.filter((entry) => entry.startsWith('traffic'))).toEqual(['traffic 0']);
  });

  test('leaves to somebody what they have deployed while it was waited for', async () => {
    const world = fakeWorld({
      experiment,
      hasCalendar: true,
      calendar: () => christmas,
      onPatch: (_, { present }) => {
        if (present !== undefined) throw failure('Drift', { message: 'spec.traffic was changed' });
      },
    });
    const report = await workflows.run(world, async (handle) => {
      await untilReport(handle, ({ closed }) => closed !== undefined);
      await handle.signal(messages.abortSignal);
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted' });
    expect(report.reason).toContain('traffic left as it is');
    expect(world.patches).toEqual([]);
  });

  test('is no matter of an experiment that moves no traffic', async () => {
    const conformance = anExperiment({ testingPattern: 'Conformance', candidates: [], finish: [], iterations: 1 });
    const world = fakeWorld({ experiment: conformance, hasCalendar: true, calendar: () => christmas });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Concluded' });
    expect(world.log).not.toContain('calendar');
  });
});
