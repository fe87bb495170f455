import { describe, expect, test } from 'vitest';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import type { Experiment, Objective } from '../../../core/experiment/experiment.ts';
import { judgeAll } from '../../../core/planner/judge-all.ts';
import type { IntervalJudgement } from '../../../core/planner/judge-candidate.ts';
import type { Counts } from '../../../core/measurements/measurement.ts';
import type { MetricReading } from '../../../core/experiment/metric-definition.ts';
import { initialCandidateState } from '../../../core/planner/candidate-state.ts';
import type { CandidateState } from '../../../core/planner/candidate-state.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';

const engagement = 'default/engagement';
const metrics: Experiment['metrics'] = {
  [engagement]: {
    namespace: 'default',
    name: 'engagement',
    type: 'gauge',
    units: 'seconds',
    source: { kind: 'mock', levels: {} },
  },
};

type Value = number | undefined;

function withValue(counts: Counts, value: Value): Counts {
  const reading: MetricReading =
    value === undefined ? { kind: 'unavailable', reason: 'no sessions' } : { kind: 'value', value };
  return { ...counts, values: { [engagement]: reading } };
}

interface Interval {
  readonly baseline: Counts;
  readonly candidate: Counts;
}

/** Judges interval after interval; answers the last judgement. */
function judgeIntervals(experiment: Experiment, intervals: readonly Interval[]): IntervalJudgement {
  let known: Pick<CandidateState, 'weight' | 'totals' | 'evidence'> = initialCandidateState(50);
  let last: IntervalJudgement | undefined;
  for (const { baseline, candidate } of intervals) {
    const measurement = { kind: 'measured', fromMs: 0, toMs: 12_000, baseline, candidates: [candidate] } as const;
    const [judged] = judgeAll({ experiment, candidateStates: [known], measurement });
    if (!judged) throw new Error('not judged');
    last = judged;
    known = { weight: 50, totals: judged.totals, ...(judged.evidence ? { evidence: judged.evidence } : {}) };
  }
  return last ?? expect.fail('no interval');
}

function candidateVerdict(judgement: IntervalJudgement) {
  const [objective] = judgement.assessment.objectives;
  return { verdict: objective?.candidate, reason: objective?.reason };
}

const values = (baseline: Value, candidate: Value): Interval => ({
  baseline: withValue(someCounts(), baseline),
  candidate: withValue(someCounts(), candidate),
});
const many = (make: (index: number) => Interval): readonly Interval[] => Array.from({ length: 15 }, (_, n) => make(n));

describe("a user's metric by the threshold method", () => {
  const against = (objective: Partial<Objective>, ...intervals: readonly Interval[]) =>
    candidateVerdict(
      judgeIntervals(
        anExperiment({ metrics, objectives: [{ metric: engagement, rollbackOnFailure: false, ...objective }] }),
        intervals,
      ),
    );

  test('is compared by its latest value, since the query decides what time it speaks of', () => {
    expect(against({ lowerLimit: 10 }, values(9, 9), values(12, 12))).toEqual({
      verdict: 'pass',
      reason: 'default/engagement 12.000 >= limit 10.000, 2000 requests',
    });
    expect(against({ upperLimit: 10 }, values(9, 9), values(12, 12)).verdict).toBe('fail');
  });

  test('is undecided without a value, and says why', () => {
    expect(against({ upperLimit: 10 }, values(9, undefined))).toEqual({
      verdict: 'undecided',
      reason: 'default/engagement has no value: no sessions, 1000 requests',
    });
  });
});

describe("a user's metric under error bounds", () => {
  const experiment = (objective: Partial<Objective>) =>
    anExperiment({
      metrics,
      objectives: [{ metric: engagement, rollbackOnFailure: false, ...objective }],
      analysis: { ...sequentialAnalysis, dispersion: 'off' },
      tolerance: 0.1,
    });
  const noisy = (level: number) => (n: number) => values(20, level + (n % 3) - 1);

  test('passes far within its limit, fails far beyond it', () => {
    expect(candidateVerdict(judgeIntervals(experiment({ upperLimit: 20 }), many(noisy(10)))).verdict).toBe('pass');
    expect(candidateVerdict(judgeIntervals(experiment({ upperLimit: 20 }), many(noisy(30)))).verdict).toBe('fail');
    expect(candidateVerdict(judgeIntervals(experiment({ lowerLimit: 20 }), many(noisy(30)))).verdict).toBe('pass');
    expect(candidateVerdict(judgeIntervals(experiment({ lowerLimit: 20 }), many(noisy(10)))).verdict).toBe('fail');
  });

  test('is undecided after a single interval', () => {
    expect(candidateVerdict(judgeIntervals(experiment({ upperLimit: 20 }), [values(1, 1)])).verdict).toBe('undecided');
  });

  test('does not blame a candidate that is no worse than the baseline, while both miss the limit or since', () => {
    const limited = experiment({ upperLimit: 20 });
    const common = many((n) => values(30 + (n % 3), 30 + ((n + 1) % 3)));
    expect(judgeIntervals(limited, common).assessment.overall?.verdict).toBe('environment');
    const onlyShown = many((n) => values(n % 2 === 0 ? 19 : 30, 30 + (n % 3)));
    expect(judgeIntervals(limited, onlyShown.slice(0, 6)).assessment.overall?.verdict).toBe('suspect');
    const over = many((n) => values(10 + (n % 3), 10 + ((n + 1) % 3)));
    expect(judgeIntervals(limited, [...common.slice(0, 6), ...over]).assessment.overall?.verdict).not.toBe('fail');
  });

  test('blames a candidate whose baseline has no value to compare with', () => {
    const alone = many((n) => values(undefined, 30 + (n % 3)));
    expect(judgeIntervals(experiment({ upperLimit: 20 }), alone).assessment.overall?.verdict).toBe('fail');
  });

  test('is compared with the baseline where the limit is a ratio', () => {
    const relative = experiment({ maxRatioToBaseline: 1.2 });
    const drifting = (ratio: number) => (n: number) => values(20 + n, (20 + n) * ratio + (n % 2));
    expect(candidateVerdict(judgeIntervals(relative, many(drifting(1)))).verdict).toBe('pass');
    expect(candidateVerdict(judgeIntervals(relative, many(drifting(2)))).verdict).toBe('fail');
  });
});

describe('errors beside the baseline', () => {
  const relative = { metric: 'error-rate', maxRatioToBaseline: 1, rollbackOnFailure: false } as const;
  const errors = (baseline: number, candidate: number): Interval => ({
    baseline: someCounts({ errors: baseline }),
    candidate: someCounts({ errors: candidate }),
  });

  test('are judged by their ratio, however many there are', () => {
    const experiment = anExperiment({ objectives: [relative] });
    expect(candidateVerdict(judgeIntervals(experiment, [errors(200, 200)])).verdict).toBe('pass');
    expect(candidateVerdict(judgeIntervals(experiment, [errors(200, 300)]))).toEqual({
      verdict: 'fail',
      reason: 'error-rate 0.300 > limit 0.200, 1000 requests',
    });
  });

  test('say nothing beside a baseline without any', () => {
    const judged = candidateVerdict(judgeIntervals(anExperiment({ objectives: [relative] }), [errors(0, 1)]));
    expect(judged.verdict).toBe('undecided');
    expect(judged.reason).toContain('the baseline has none to compare with');
    expect(candidateVerdict(judgeIntervals(anExperiment({ objectives: [relative] }), [errors(0, 0)])).verdict).toBe(
      'pass',
    );
  });

  test('are tested under error bounds, whatever the common rate does', () => {
    const experiment = anExperiment({
      objectives: [relative],
      analysis: { ...sequentialAnalysis, dispersion: 'off' },
      tolerance: 0.5,
    });
    const swinging = (ratio: number) => (n: number) => {
      const common = n % 2 === 0 ? 10 : 100;
      return errors(common, common * ratio);
    };
    const good = judgeIntervals(experiment, many(swinging(0.8)));
    expect(candidateVerdict(good).verdict).toBe('pass');
    expect(candidateVerdict(good).reason).toMatch(
      /^error-rate 0\.\d+ beside 0\.\d+, limit 1 times the baseline \+50 %, /,
    );
    expect(candidateVerdict(judgeIntervals(experiment, many(swinging(2)))).verdict).toBe('fail');
  });
});
