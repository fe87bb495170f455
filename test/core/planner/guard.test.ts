import { describe, expect, test } from 'vitest';
import { isFailing, onlyTakingAway } from '../../../core/planner/guard.ts';
import { judgeAll } from '../../../core/planner/judge-all.ts';
import type { Plan } from '../../../core/planner/plan-all.ts';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import { noCounts } from '../../../core/measurements/measurement.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';

const reason = 'why';
const shift = (weights: readonly number[], eliminated: Extract<Plan, { kind: 'shift' }>['eliminated'] = []): Plan => {
  return { kind: 'shift', weights, eliminated, reason };
};

describe('onlyTakingAway', () => {
  test.each<[string, Plan, readonly number[], Plan]>([
    ['rolls back', { kind: 'rollBack', reason }, [20], { kind: 'rollBack', reason }],
    ['stops', { kind: 'stop', reason }, [20], { kind: 'stop', reason }],
    ['holds', { kind: 'hold', reason }, [20], { kind: 'hold', reason }],
    ['does not climb', shift([30]), [20], { kind: 'hold', reason }],
    ['drops', shift([5]), [20], shift([5])],
    ['does not promote', { kind: 'promote', winner: 0, reason }, [50], { kind: 'hold', reason }],
    ['opens no gate', { kind: 'openGate', reason }, [50], { kind: 'hold', reason }],
    ['concludes nothing', { kind: 'conclude', conforms: true, reason }, [0], { kind: 'hold', reason }],
    [
      'eliminates one of several, whose share goes to the baseline',
      shift([0, 40], [{ index: 0, reason: 'failed' }]),
      [20, 20],
      shift([0, 20], [{ index: 0, reason: 'failed' }]),
    ],
  ])('%s', (_, plan, present, expected) => {
    expect(onlyTakingAway(plan, present)).toEqual(expected);
  });
});

describe('isFailing', () => {
  const experiment = anExperiment({ analysis: { ...sequentialAnalysis, longestExtensionMs: 0 } });
  const window = { fromMs: 0, toMs: 2_000 };
  const judge = (errors: number) => {
    const candidates = [someCounts({ requests: 500, errors })];
    const measurement = { kind: 'measured', ...window, baseline: someCounts(), candidates } as const;
    const totals = { baseline: noCounts, candidate: noCounts };
    return judgeAll({ experiment, measurement, candidateStates: [{ weight: 20, totals }] });
  };

  test('is so when the evidence against a version is enough', () => {
    expect(isFailing(judge(250))).toBe(true);
    expect(isFailing(judge(0))).toBe(false);
  });

  test('is not so for versions that are no longer judged', () => {
    expect(isFailing([null])).toBe(false);
  });
});
