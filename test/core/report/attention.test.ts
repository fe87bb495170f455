import { expect, test } from 'vitest';
import { findAttention, needsPerson } from '../../../core/report/attention.ts';
import type { Attention, RunFacts } from '../../../core/report/attention.ts';
import { aReport } from '../../support/reports.ts';

const split = { baseline: 60, candidates: [40], confirmed: true };
const onBaseline = { baseline: 100, candidates: [0], confirmed: true };

test.each<[string, RunFacts, Attention | undefined]>([
  ['a run that goes on', { report: aReport(), isClosed: false }, undefined],
  ['a gate', { report: aReport({ awaitingApproval: { sinceMs: 1, untilMs: 2 } }), isClosed: false }, 'approval'],
  ['a pause', { report: aReport({ paused: { atMs: 1 } }), isClosed: false }, 'paused'],
  ['blindness', { report: aReport({ blind: { sinceMs: 1, reason: 'no answer' } }), isClosed: false }, 'blind'],
  ['a suspect candidate', { report: aReport({ suspect: true }), isClosed: false }, 'suspect'],
  ['a workflow task that fails', { silence: 'taskFails', isClosed: false }, 'stuck'],
  ['a run whose worker is gone', { silence: 'noWorker', isClosed: false }, 'silent'],
  ['a promotion', { report: aReport({ outcome: 'Promoted', weights: split }), isClosed: true }, undefined],
  [
    'a failure that left the traffic split',
    { report: aReport({ outcome: 'Failed', weights: split }), isClosed: true },
    'unsafe',
  ],
  [
    'a failure with all traffic on the baseline',
    { report: aReport({ outcome: 'Failed', weights: onBaseline }), isClosed: true },
    undefined,
  ],
  [
    'a run that was terminated at a split',
    { report: aReport({ weights: split }), isClosed: true, isStopped: true },
    'unsafe',
  ],
  ['a run that was terminated, of which nothing is known', { isClosed: true, isStopped: true }, 'unsafe'],
  [
    'a failure whose last write nobody has confirmed',
    { report: aReport({ outcome: 'Failed', weights: { ...onBaseline, confirmed: false } }), isClosed: true },
    'unsafe',
  ],
  [
    'a gate that was approved',
    { report: aReport({ awaitingApproval: { sinceMs: 1, untilMs: 2 }, approved: { atMs: 1 } }), isClosed: false },
    undefined,
  ],
])('%s', (_what, facts, attention) => {
  expect(findAttention(facts)).toBe(attention);
});

test('a person is needed where nothing goes on by itself', () => {
  const needing = (['stuck', 'unsafe', 'approval', 'silent', 'blind', 'suspect', 'paused', 'waiting'] as const).filter(
    needsPerson,
  );
  expect(needing).toEqual(['stuck', 'unsafe', 'approval', 'silent']);
});
