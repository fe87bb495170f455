import { expect, test } from 'vitest';
import { buildHeadline, findPromotable, stoppedHeadline } from '../../../core/report/headline.ts';
import type { Report } from '../../../core/report/report.ts';
import { aReport, startedAtMs } from '../../support/reports.ts';

const ended = (changes: Partial<Report>): Report => {
  const { nextAtMs: _, ...report } = aReport(changes);
  return report;
};

function withoutWinner({ winner: _, ...report }: Report): Report {
  return report;
}

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
    { what: 'Promoted candidate', why: 'all objectives pass', tone: 'good' },
  ],
  [
    'a roll back',
    ended({ stage: 'Completed', outcome: 'RolledBack', reason: 'failed: error-rate' }),
    { what: 'Rolled back to current', why: 'failed: error-rate', tone: 'warning' },
  ],
  [
    'a gate, and when it closes',
    aReport({ awaitingApproval: { sinceMs: startedAtMs, untilMs: startedAtMs + 86_400_000 } }),
    {
      what: 'Waits for approval',
      why: 'climbs by 10 to 40 %',
      tone: 'call',
      next: { what: 'rolls back unless somebody approves', atMs: startedAtMs + 86_400_000 },
    },
  ],
  [
    'a gate with approvers, with who has approved and who must, and that time promotes where it does',
    aReport({
      awaitingApproval: {
        sinceMs: startedAtMs,
        untilMs: startedAtMs + 1,
        promotes: true,
        approvers: { users: ['ann'], groups: ['sre'], count: 2 },
        approvals: [{ by: 'ann', atMs: startedAtMs, verified: { user: 'ann' } }],
      },
    }),
    {
      what: 'Waits for approval',
      why: 'climbs by 10 to 40 %; needs 2 of ann, group:sre (so far ann)',
      tone: 'call',
      next: { what: 'promotes unless somebody rejects', atMs: startedAtMs + 1 },
    },
  ],
  [
    'a pause, with who paused it and why',
    aReport({ paused: { by: 'alice', reason: 'a load test', atMs: startedAtMs } }),
    {
      what: 'Paused, candidate at 40 %',
      why: 'paused by alice: a load test',
      tone: 'warning',
      next: { what: 'somebody resumes it' },
    },
  ],
  [
    'an abort before all else',
    aReport({
      abortRequested: { by: 'bob', atMs: startedAtMs },
      paused: { by: 'alice', atMs: startedAtMs },
    }),
    { what: 'Aborting', why: 'asked to abort by bob', tone: 'warning', next: { what: 'all traffic goes to current' } },
  ],
  [
    'blindness',
    aReport({ blind: { sinceMs: startedAtMs, reason: 'Prometheus does not answer' } }),
    {
      what: 'Blind, holds candidate at 40 %',
      why: 'Prometheus does not answer',
      tone: 'warning',
      next: { what: 'observes again', atMs: startedAtMs + 60_000 },
    },
  ],
  [
    'a conformance test that passes',
    ended({ testingPattern: 'Conformance', outcome: 'Concluded', winner: 'current', reason: 'all objectives pass' }),
    { what: 'current conforms', why: 'all objectives pass', tone: 'good' },
  ],
  [
    'a conformance test that fails',
    withoutWinner(ended({ testingPattern: 'Conformance', outcome: 'Concluded', reason: 'failed: error-rate' })),
    { what: 'current is not shown to conform', why: 'failed: error-rate', tone: 'warning' },
  ],
  [
    'a conformance test that is blind, which holds no weight',
    aReport({ testingPattern: 'Conformance', blind: { sinceMs: startedAtMs, reason: 'no answer' } }),
    { what: 'Blind', why: 'no answer', tone: 'warning', next: { what: 'observes again', atMs: startedAtMs + 60_000 } },
  ],
  [
    'an approval, for as long as the promotion has to wait',
    aReport({
      awaitingApproval: { sinceMs: startedAtMs, untilMs: startedAtMs + 86_400_000 },
      approved: { by: 'alice', atMs: startedAtMs },
      weightReason: 'approved, but undecided',
    }),
    {
      what: 'Approved by alice',
      why: 'approved, but undecided',
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

test('a run that was stopped from outside says where it was, and why it ended', () => {
  expect(stoppedHeadline(aReport(), 'it was terminated')).toEqual({
    what: 'Stopped from outside, at last candidate at 40 %',
    why: 'it was terminated',
    tone: 'bad',
  });
  expect(stoppedHeadline(undefined, 'it was terminated').what).toBe('Stopped from outside');
});

test('an approval promotes the candidate, not the baseline that wins for as long as no candidate passes', () => {
  expect(findPromotable(aReport({ winner: 'candidate' }))).toBe('candidate');
  expect(findPromotable(aReport({ winner: 'current' }))).toBe('candidate');
  const [only] = aReport().judged;
  if (only === undefined) throw new Error('the report has no candidate');
  const several = [only, { ...only, name: 'second' }];
  expect(findPromotable(aReport({ winner: 'current', judged: several }))).toBeUndefined();
  expect(
    findPromotable(
      aReport({
        winner: 'current',
        judged: [
          { ...only, out: 'failed' },
          { ...only, name: 'second' },
        ],
      }),
    ),
  ).toBe('second');
});
