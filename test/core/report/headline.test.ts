import { expect, test } from 'vitest';
import { buildHeadline } from '../../../core/report/headline.ts';
import type { Report } from '../../../core/report/report.ts';
import { aReport, startedAtMs } from '../../support/reports.ts';

const ended = (changes: Partial<Report>): Report => {
  const { nextAtMs: _, ...report } = aReport(changes);
  return report;
};

const waitingFor = {
  temporalAddress: 'temporal:7233',
  temporalNamespace: 'default',
  workflowId: 'experiment/default/other',
  firstRunId: 'other',
  why: 'experiment experiment/default/other is running',
};

test.each<[string, Report, ReturnType<typeof buildHeadline>]>([
  [
    'a run between two observations',
    aReport(),
    {
      what: 'candidate at 40 %, 4 of 5 iterations',
      why: 'climbs by 10 to 40 %',
      next: { what: 'observes again', atMs: startedAtMs + 60_000 },
    },
  ],
  [
    'a promotion',
    ended({ stage: 'Completed', outcome: 'Promoted', reason: 'all objectives pass' }),
    { what: 'Promoted candidate', why: 'all objectives pass' },
  ],
  [
    'a roll back',
    ended({ stage: 'Completed', outcome: 'RolledBack', reason: 'failed: error-rate' }),
    { what: 'Rolled back to current', why: 'failed: error-rate' },
  ],
  [
    'a gate, and when it closes',
    aReport({ awaitingApproval: { sinceMs: startedAtMs, untilMs: startedAtMs + 86_400_000 } }),
    {
      what: 'Waits for approval',
      why: 'climbs by 10 to 40 %',
      next: { what: 'rolls back unless somebody approves', atMs: startedAtMs + 86_400_000 },
    },
  ],
  [
    'a pause, with who paused it and why',
    aReport({ paused: { by: 'alice', reason: 'a load test', atMs: startedAtMs } }),
    { what: 'Paused, candidate at 40 %', why: 'paused by alice: a load test', next: { what: 'somebody resumes it' } },
  ],
  [
    'an abort before all else',
    aReport({
      abortRequested: { by: 'bob', atMs: startedAtMs },
      paused: { by: 'alice', atMs: startedAtMs },
    }),
    { what: 'Aborting', why: 'asked to abort by bob', next: { what: 'all traffic goes to current' } },
  ],
  [
    'blindness',
    aReport({ blind: { sinceMs: startedAtMs, reason: 'Prometheus does not answer' } }),
    {
      what: 'Blind, holds candidate at 40 %',
      why: 'Prometheus does not answer',
      next: { what: 'observes again', atMs: startedAtMs + 60_000 },
    },
  ],
  [
    'a wait for the target',
    ended({ stage: 'Waiting', waitingFor }),
    { what: 'Waits for its target', why: waitingFor.why, next: { what: 'begins when the target is free' } },
  ],
])('the headline tells of %s', (_what, report, headline) => {
  expect(buildHeadline(report)).toEqual(headline);
});
