import { describe, expect, test } from 'vitest';
import {
  failedStatus,
  initialStatus,
  statusOfReport,
  withTrouble,
} from '../../../operator/status/experiment-status.ts';
import type { ExperimentStatus } from '../../../operator/status/experiment-status.ts';
import type { Report } from '../../../core/report/report.ts';
import { eventsBetween } from '../../../operator/status/status-events.ts';
import { aReport, startedAtMs } from '../../support/reports.ts';

const initial = initialStatus(startedAtMs);

function statusFor(changes: Partial<Report> = {}): ExperimentStatus {
  return statusOfReport(aReport(changes), { nowMs: startedAtMs, workflowId: 'w', runId: 'r', previous: initial });
}

function eventLines(before: ExperimentStatus | undefined, after: ExperimentStatus): readonly string[] {
  return eventsBetween(before, after).map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
}

describe('events', () => {
  test('tell nothing when nothing has changed', () => {
    expect(eventLines(statusFor(), statusFor())).toEqual([]);
  });

  test('tell that a workflow was started', () => {
    expect(eventLines(initial, { ...initial, serin: { workflowId: 'w' } })).toEqual([
      'Normal Started: Workflow w started',
    ]);
  });

  test('tell stages and iterations, with the weights', () => {
    const before = statusFor({ stage: 'Initializing', completedIterations: 0 });
    expect(eventLines(before, statusFor())).toEqual([
      'Normal StageAdvanced: Advanced to Running',
      'Normal IterationUpdate: Completed Iteration 4, current 60 %, candidate 40 %',
    ]);
  });

  test.each([
    [{ paused: { by: 'alice', reason: 'lunch', atMs: startedAtMs } }, 'Normal Paused: '],
    [
      { retrying: { activity: 'preflight', failedAttempts: 3, reason: 'Prometheus does not answer' } },
      'Warning Retrying: preflight: ',
    ],
    [{ blind: { sinceMs: startedAtMs, reason: 'Prometheus does not answer' } }, 'Warning Blind: '],
  ])('tell once that a run is held up', (changes, line) => {
    const held = statusFor(changes);
    expect(eventLines(statusFor(), held)).toEqual([expect.stringContaining(line)]);
    expect(eventLines(held, held)).toEqual([]);
  });

  test('tell once that nobody answers', () => {
    const trouble = { reason: 'TemporalUnreachable', message: 'Temporal does not answer' };
    const troubled = withTrouble(statusFor(), trouble, startedAtMs);
    expect(eventLines(statusFor(), troubled)).toEqual(['Warning TemporalUnreachable: Temporal does not answer']);
    expect(eventLines(troubled, withTrouble(troubled, trouble, startedAtMs + 5_000))).toEqual([]);
  });

  test.each([
    ['Promoted', 'Normal'],
    ['RolledBack', 'Warning'],
    ['Aborted', 'Warning'],
    ['Failed', 'Warning'],
  ] as const)('tell the end: %s', (outcome, type) => {
    const ended = statusFor({ outcome, reason: 'why' });
    expect(eventLines(statusFor(), ended)).toEqual([`${type} ${outcome}: why`]);
    expect(eventLines(ended, ended)).toEqual([]);
  });

  test('tell a manifest that cannot be used apart from a run that failed', () => {
    const invalid = failedStatus(initial, { reason: 'InvalidExperiment', message: 'spec.target' }, startedAtMs);
    expect(eventLines(undefined, invalid)).toEqual(['Warning Invalid: spec.target']);
  });
});
