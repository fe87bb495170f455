import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../../core/verdicts/assessment.ts';
import type { RewardComparison } from '../../../core/verdicts/compare-reward.ts';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import { planNextStep } from '../../../core/planner/plan-all.ts';
import type { CandidatePlanInput } from '../../../core/planner/plan-candidate.ts';
import { initialCandidateState } from '../../../core/planner/candidate-state.ts';
import type { ApprovalGate } from '../../../core/planner/requests.ts';
import { anExperiment } from '../../support/builders.ts';
import type { ExperimentChanges } from '../../support/builders.ts';

const objective = { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: true } as const;

interface CandidateCase {
  readonly weight?: number;
  readonly verdict?: Verdict;
  readonly baseline?: Verdict;
  readonly reward?: RewardComparison['verdict'];
  readonly value?: number;
  readonly eliminated?: string;
  /** What it would have next by itself; by default 10 more. */
  readonly next?: number;
  readonly isUnready?: boolean;
}

function aVersion(name: string): Experiment['baseline'] {
  return { name, revision: `app-${name}`, variables: {} };
}

function abn(changes: ExperimentChanges = {}): Experiment {
  return anExperiment({
    testingPattern: 'A/B/N',
    reward: { metric: 'mean-latency', preferredDirection: 'High' },
    ...changes,
  });
}

function planCases(
  cases: readonly CandidateCase[],
  changes: Partial<CandidatePlanInput> = {},
  settings: ExperimentChanges = {},
) {
  const experiment = abn({
    candidates: cases.map((_, index) => aVersion(`c${index}`)),
    ...settings,
  });
  const candidateStates = cases.map(({ weight = 10, eliminated }) => ({
    ...initialCandidateState(weight),
    ...(eliminated === undefined ? {} : { eliminated }),
  }));
  const inputs = cases.map(
    ({ weight = 10, next = weight + 10, verdict = 'pass', baseline = 'pass', reward, value = 1, isUnready }) => {
      const reason = `error-rate is a ${verdict}`;
      const objectives = [{ objective, baseline, candidate: verdict, reason, suspect: false }];
      return {
        experiment,
        nowMs: 1_000_000,
        iteration: 1,
        weight,
        drift: isUnready === true ? { kind: 'candidateUnready', reason: 'unready' } : { kind: 'none', notes: [] },
        computed: {
          assessment: { objectives, metrics: [], samples: { baseline: 1000, candidate: 1000 } },
          weight: next,
          reason: 'climbs',
          ...(reward === undefined
            ? {}
            : { reward: { verdict: reward, reason: reward, candidate: value, baseline: 0 } }),
        },
        ...changes,
      } satisfies CandidatePlanInput;
    },
  );
  return planNextStep({ experiment, candidateStates, inputs });
}

const atEnd = { iteration: 5 };

const everything = { ...anExperiment().weights, maxCandidateWeight: 100 };

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

describe('several candidates', () => {
  test('get their weights together', () => {
    expect(planCases([{}, { weight: 20 }])).toMatchObject({ kind: 'shift', weights: [20, 30], eliminated: [] });
  });

  test('never have more than everything: one that is unready holds its weight, and the leader waits for it', () => {
    const plan = planCases([{ weight: 97, next: 3, isUnready: true }, { weight: 3 }], {}, { weights: everything });
    expect(plan).toMatchObject({ kind: 'hold', reason: expect.stringContaining('c1 cannot get more before') });
    expect(
      planCases([{ weight: 90, next: 3, isUnready: true }, { weight: 3 }], {}, { weights: everything }),
    ).toMatchObject({
      kind: 'shift',
      weights: [90, 10],
    });
    expect(planCases([{ weight: 97, next: 3 }, { weight: 3 }], {}, { weights: everything })).toMatchObject({
      kind: 'shift',
      weights: [3, 13],
    });
  });

  test('never have more than the most that candidates may have, whatever each would have by itself', () => {
    for (const most of [30, 60, 100]) {
      for (const [first, second, third] of [
        [0, 0, 0],
        [10, 10, 10],
        [28, 1, 1],
        [20, 40, 0],
        [5, 80, 15],
      ] as const) {
        const before = [first, second, third];
        const cases = before.map((weight, index) => ({ weight, next: 40 * index, isUnready: index === 1 }));
        const plan = planCases(cases, {}, { weights: { ...everything, maxCandidateWeight: most } });
        const after = plan.kind === 'shift' ? plan.weights : before;
        expect(sum(after)).toBeLessThanOrEqual(Math.max(most, sum(before)));
        expect(sum(after)).toBeLessThanOrEqual(100);
      }
    }
  });

  test('go on without the one that fails', () => {
    expect(planCases([{ verdict: 'fail' }, {}])).toMatchObject({
      kind: 'shift',
      weights: [0, 20],
      eliminated: [{ index: 0, reason: 'failed: error-rate is a fail' }],
    });
  });

  test('are not asked any more once they are out', () => {
    expect(planCases([{ eliminated: 'failed', weight: 0, verdict: 'fail' }, {}])).toMatchObject({
      kind: 'shift',
      weights: [0, 20],
    });
  });

  test('roll back when all of them fail, each with its reason', () => {
    expect(planCases([{ verdict: 'fail' }, { verdict: 'fail' }])).toEqual({
      kind: 'rollBack',
      reason: 'c0: failed: error-rate is a fail; c1: failed: error-rate is a fail',
    });
  });

  test('promote the one with the best reward', () => {
    const cases = [
      { reward: 'better', value: 2 },
      { reward: 'better', value: 3 },
    ] as const;
    expect(planCases(cases, atEnd)).toMatchObject({ kind: 'promote', winner: 1 });
  });

  test('promote the second best when the best fails', () => {
    const cases = [
      { reward: 'better', value: 2 },
      { reward: 'better', value: 3, verdict: 'fail' },
    ] as const;
    expect(planCases(cases, atEnd)).toMatchObject({ kind: 'promote', winner: 0 });
  });

  test('roll back when the baseline has the best reward', () => {
    expect(planCases([{ reward: 'worse' }, { reward: 'worse' }], atEnd)).toEqual({
      kind: 'rollBack',
      reason: 'the baseline has the best reward: worse; worse',
    });
  });

  test('beat a baseline that fails the objectives, whatever their reward', () => {
    expect(planCases([{ reward: 'worse', baseline: 'fail' }], atEnd)).toMatchObject({ kind: 'promote', winner: 0 });
  });

  test('roll back without a winner, or go on where the method extends', () => {
    const cases = [{ reward: 'undecided' }] as const;
    expect(planCases(cases, atEnd)).toMatchObject({ kind: 'rollBack', reason: 'no winner: undecided' });
    const extended = { analysis: { ...sequentialAnalysis, dispersion: 'off' as const } };
    expect(planCases(cases, { ...atEnd, extendedSinceMs: 999_000 }, extended)).toMatchObject({ kind: 'hold' });
    expect(planCases(cases, { ...atEnd, extendedSinceMs: 0 }, extended)).toMatchObject({ kind: 'rollBack' });
  });

  test('open one gate for the winner', () => {
    const plan = planCases([{ reward: 'better' }, { reward: 'worse' }], atEnd, { approval: 'required' });
    expect(plan).toMatchObject({ kind: 'openGate', leader: 0 });
  });

  test('ask anew where another leads than the one that was approved', () => {
    const asked = { openedAtMs: 999_000, leader: 0 };
    const settings = { approval: 'required', approvalLimitMs: 3_600_000 } as const;
    const planAtGate = (gate: ApprovalGate, winner: 0 | 1, changes: ExperimentChanges = {}) =>
      planCases(
        [0, 1].map((index) => ({ reward: 'better', value: index === winner ? 3 : 2 }) as const),
        { ...atEnd, gate, experiment: abn({ ...settings, ...changes }) },
        { ...settings, ...changes },
      );
    const approved = { ...asked, approved: { by: 'ann', atMs: 999_500 } };
    expect(planAtGate(approved, 0)).toMatchObject({ kind: 'promote', winner: 0 });
    expect(planAtGate(approved, 1)).toMatchObject({
      kind: 'openGate',
      leader: 1,
      reason: expect.stringContaining('c1 leads now, and people were asked about another'),
    });
    const { leader: _, ...ofWhicheverWins } = approved;
    expect(planAtGate(ofWhicheverWins, 1)).toMatchObject({ kind: 'promote', winner: 1 });
    const silent = { approvalLimitMs: 1_000, onApprovalLimit: 'promote' } as const;
    expect(planAtGate(asked, 0, silent)).toMatchObject({ kind: 'promote', winner: 0 });
    expect(planAtGate(asked, 1, silent)).toMatchObject({ kind: 'openGate', leader: 1 });
  });
});

describe('the gate of a candidate that is eliminated', () => {
  const settings = { approval: 'required', approvalLimitMs: 3_600_000 } as const;
  const gate = { openedAtMs: 999_000, leader: 0 };
  const plan = (cases: readonly CandidateCase[]) =>
    planCases(cases, { ...atEnd, gate, experiment: abn(settings) }, settings);

  test('goes on without it, and then asks about the one that leads', () => {
    const fit = { reward: 'better', value: 3 } as const;
    expect(plan([{ verdict: 'fail' }, fit])).toMatchObject({ kind: 'shift', eliminated: [{ index: 0 }] });
    expect(plan([{ eliminated: 'it failed' }, fit])).toMatchObject({
      kind: 'openGate',
      leader: 1,
      reason: expect.stringContaining('c1 leads now'),
    });
  });

  test('asks about nobody while nobody leads', () => {
    expect(plan([{ eliminated: 'it failed', weight: 0 }, { reward: 'undecided' }])).toMatchObject({ kind: 'hold' });
  });
});

test('approved without a winner, the experiment ends at its limit', () => {
  const settings = { analysis: { ...sequentialAnalysis, undecided: 'hold' }, approvalLimitMs: 60_000 } as const;
  const planAt = (nowMs: number) => {
    const gate = { openedAtMs: 1_000_000, approved: { by: 'ann', atMs: 1_010_000 } };
    return planCases([{ reward: 'undecided' }, { reward: 'undecided' }], { ...atEnd, gate, nowMs }, settings);
  };
  expect(planAt(1_059_000)).toMatchObject({ kind: 'hold' });
  expect(planAt(1_060_000)).toMatchObject({
    kind: 'rollBack',
    reason: expect.stringMatching(/; approved, but no winner within 1 min$/),
  });
});

describe('a conformance test', () => {
  const alone = { testingPattern: 'Conformance', candidates: [] } as const;

  function conformance(verdict: Verdict, changes: Partial<CandidatePlanInput> = {}) {
    const { reward: _, ...experiment } = anExperiment(alone);
    return planCases([{ verdict, weight: 100 }], { experiment, ...changes }, alone);
  }

  test('moves no traffic', () => {
    expect(conformance('pass')).toMatchObject({ kind: 'hold' });
  });

  test('concludes after the last iteration, one way or the other', () => {
    expect(conformance('pass', atEnd)).toMatchObject({ kind: 'conclude', conforms: true });
    expect(conformance('undecided', atEnd)).toMatchObject({ kind: 'conclude', conforms: false });
  });

  test('concludes at once on a failure that asks for it', () => {
    expect(conformance('fail')).toMatchObject({ kind: 'conclude', conforms: false });
  });
});
