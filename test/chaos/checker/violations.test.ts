import { describe, expect, test } from 'vitest';
import type { RunFacts } from './facts.ts';
import { findViolations } from './violations.ts';

const [baseline, candidate] = ['app-v1', 'app-v2'];

function aWrite(atSeconds: number, percent: number) {
  const traffic = [
    { revisionName: baseline, percent: 100 - percent },
    { revisionName: candidate, percent },
  ];
  return { atMs: atSeconds * 1000, traffic };
}

/** A promotion in two steps of 10 s. */
const promoted: RunFacts = {
  baselineRevision: baseline,
  candidateRevision: candidate,
  intervalMs: 10_000,
  releaseRevisionsBefore: 2,
  writes: [
    aWrite(0, 20),
    aWrite(10.2, 40),
    aWrite(20.1, 100),
    { atMs: 25_000, traffic: [{ latestRevision: true, percent: 100 }] },
  ],
  traffic: [
    { revisionName: candidate, percent: 100 },
    { revisionName: baseline, percent: 0 },
  ],
  releaseRevisions: [{ status: 'superseded' }, { status: 'superseded' }, { status: 'deployed' }],
  leases: [],
  firstRunId: 'abc',
  notices: toldOf('started', 'promoted'),
  end: { outcome: 'Promoted', reason: 'all objectives pass' },
  windows: [
    { fromMs: 0, toMs: 10_000 },
    { fromMs: 10_000, toMs: 20_000 },
  ],
  answers: { 200: 1000 },
};

const rolledBack: RunFacts = {
  ...promoted,
  writes: [aWrite(0, 20), aWrite(4, 0)],
  traffic: [{ revisionName: baseline, percent: 100 }],
  end: { outcome: 'RolledBack', reason: 'failed: error-rate 0.5' },
  notices: toldOf('started', 'rolledback'),
};

const aborted: RunFacts = {
  ...rolledBack,
  end: { outcome: 'Aborted', reason: 'aborted by alice' },
  releaseRevisions: promoted.releaseRevisions.slice(0, 2),
  notices: toldOf('started', 'aborted'),
};

function toldOf(...events: readonly string[]): RunFacts['notices'] {
  return events.map((event, index) => ({ key: `abc/notice/${index + 1}`, event }));
}

describe('the checker of runs', () => {
  test.each([
    ['a promotion', promoted],
    ['a roll back', rolledBack],
    ['an abort', aborted],
    ['a promotion whose first helm was killed with its worker', withRelease('failed', 'deployed')],
    ['a notice that came twice', { ...promoted, notices: [...promoted.notices, ...promoted.notices.slice(1)] }],
  ])('has nothing against %s', (_, facts) => {
    expect(findViolations(facts)).toEqual([]);
  });

  test.each<[string, RunFacts]>([
    [
      "a write's percents sum to 90",
      { ...promoted, writes: [{ atMs: 0, traffic: [{ revisionName: baseline, percent: 90 }] }] },
    ],
    ['a write does not pin', { ...aborted, writes: [{ atMs: 0, traffic: [{ latestRevision: true, percent: 100 }] }] }],
    ['Promoted, but the traffic is', { ...promoted, traffic: [{ revisionName: baseline, percent: 100 }] }],
    ['RolledBack, but the traffic is', { ...rolledBack, traffic: promoted.traffic }],
    [
      'Failed, but the traffic is',
      { ...aborted, end: { outcome: 'Failed', reason: '' }, traffic: aWrite(0, 20).traffic },
    ],
    ['Promoted, but helm has added [superseded, deployed]', withRelease('superseded', 'deployed')],
    ['Promoted, but helm has added []', withRelease()],
    ['Aborted, but helm has added [deployed]', { ...aborted, releaseRevisions: promoted.releaseRevisions }],
    ['a Helm revision is left pending-upgrade', withRelease('pending-upgrade')],
    ['the step at 20 % lasted 7000 ms of 10000', { ...promoted, writes: [aWrite(0, 20), aWrite(7, 40)] }],
    [
      'a window begins 500 ms after',
      {
        ...promoted,
        windows: [
          { fromMs: 0, toMs: 10_000 },
          { fromMs: 10_500, toMs: 20_000 },
        ],
      },
    ],
    [
      'a window begins -500 ms after',
      {
        ...promoted,
        windows: [
          { fromMs: 0, toMs: 10_000 },
          { fromMs: 9_500, toMs: 20_000 },
        ],
      },
    ],
    ['nobody was told of the notices 1 of 2', { ...promoted, notices: promoted.notices.slice(1) }],
    ['Promoted, but started was told last', { ...promoted, notices: promoted.notices.slice(0, 1) }],
    ['Promoted, but nothing was told last', { ...promoted, firstRunId: 'another' }],
    ['3 requests without an answer', { ...promoted, answers: { 200: 5, '-1': 3 } }],
    ['serin-app is left after Promoted', { ...promoted, leases: ['serin-app'] }],
  ])('finds: %s', (violation, facts) => {
    expect(findViolations(facts)).toContainEqual(expect.stringContaining(violation));
  });
});

function withRelease(...added: readonly string[]): RunFacts {
  return {
    ...promoted,
    releaseRevisions: [...promoted.releaseRevisions.slice(0, 2), ...added.map((status) => ({ status }))],
  };
}
