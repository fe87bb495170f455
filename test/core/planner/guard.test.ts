import { describe, expect, test } from 'vitest';
import { isFailing, onlyTakingAway } from '../../../core/planner/guard.ts';
import { judgeAll } from '../../../core/planner/judge-all.ts';
import type { JudgeAllInput } from '../../../core/planner/judge-all.ts';
import { binomial, seededRandom } from '../../../core/offline/random.ts';
import type { Random } from '../../../core/offline/random.ts';
import type { Plan } from '../../../core/planner/plan-all.ts';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import { noCounts } from '../../../core/measurements/measurement.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';

const limit = 0.01;
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

/** Whether a candidate is failed in a run of 60 intervals, each of which is looked at five times before its end. */
function isFailed(random: Random, errorRate: number): boolean {
  const [looks, requestsPerLook] = [6, 20];
  const objectives = [{ metric: 'error-rate', upperLimit: limit, rollbackOnFailure: true }] as const;
  const analysis = { ...sequentialAnalysis, dispersion: 'off', longestExtensionMs: 0 } as const;
  const experiment = anExperiment({ objectives, analysis });
  let known: JudgeAllInput['candidateStates'] = [{ weight: 50, totals: { baseline: noCounts, candidate: noCounts } }];
  for (let interval = 0; interval < 60; interval += 1) {
    let errors = 0;
    for (let look = 1; look <= looks; look += 1) {
      const requests = look * requestsPerLook;
      errors += binomial(random, requestsPerLook, errorRate);
      const window = { fromMs: interval * 12_000, toMs: interval * 12_000 + look * 2_000 };
      const counts = { baseline: someCounts({ requests }), candidates: [someCounts({ requests, errors })] };
      const measurement = { kind: 'measured', ...window, ...counts } as const;
      const judgements = judgeAll({ experiment, candidateStates: known, measurement, shown: false });
      if (isFailing(judgements)) return true;
      if (look === looks) known = judgements.map(requirePresent);
    }
  }
  return false;
}

function requirePresent<T>(value: T | null): T {
  if (value === null) throw new Error('expected a version that is judged');
  return value;
}

function shareFailed(errorRate: number, runs: number): number {
  const random = seededRandom(23);
  return Array.from({ length: runs }, () => isFailed(random, errorRate)).filter(Boolean).length / runs;
}

test('a guard fails a candidate exactly at its limit in at most the stated share of runs', () => {
  const runs = 200;
  const { falseFail } = sequentialAnalysis;
  // Three standard errors of that share.
  expect(shareFailed(limit, runs)).toBeLessThan(falseFail + 3 * Math.sqrt((falseFail * (1 - falseFail)) / runs));
});

test('a guard fails a candidate at five times its limit', () => {
  expect(shareFailed(5 * limit, 20)).toBe(1);
});
