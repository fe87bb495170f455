import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import { judgeAll } from '../../../core/planner/judge-all.ts';
import type { Judgements } from '../../../core/planner/judge-all.ts';
import type { Counts } from '../../../core/measurements/measurement.ts';
import { firstWeights } from '../../../core/planner/share-among-candidates.ts';
import { initialCandidateState } from '../../../core/planner/candidate-state.ts';
import type { CandidateState } from '../../../core/planner/candidate-state.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';
import type { ExperimentChanges } from '../../support/builders.ts';

function anAbTest(candidates: number, changes: ExperimentChanges = {}): Experiment {
  return anExperiment({
    testingPattern: 'A/B/N',
    reward: { metric: 'mean-latency', preferredDirection: 'Low' },
    objectives: [],
    candidates: Array.from({ length: candidates }, (_, index) => ({
      name: `c${index}`,
      revision: `app-c${index}`,
      variables: {},
    })),
    ...changes,
  });
}

/** Judges one interval in which the versions answered with these latencies; the baseline first. */
function judge(experiment: Experiment, weights: readonly number[], latencies: readonly number[]): Judgements {
  const [baseline, ...candidates] = latencies.map((latencyMs): Counts => someCounts({ latencyMs }));
  return judgeAll({
    experiment,
    candidateStates: weights.map(initialCandidateState),
    measurement: { kind: 'measured', fromMs: 0, toMs: 12_000, baseline: baseline ?? someCounts(), candidates },
  });
}

const judgedWeights = (judgement: Judgements) => judgement.map((one) => one?.weight);

describe('the weights under a reward', () => {
  test('climbs to an even split while nobody leads', () => {
    const experiment = anAbTest(2);
    expect(judgedWeights(judge(experiment, [30, 30], [20, 20, 20]))).toEqual([33, 33]);
    expect(
      firstWeights(anAbTest(3, { weights: { maxCandidateWeight: 30, maxCandidateWeightIncrement: 50 } }), undefined),
    ).toMatchObject({ weights: [10, 10, 10] });
  });

  test('gives the traffic to the leader step by step, and keeps a share for the others', () => {
    const judgement = judge(anAbTest(2), [30, 30], [20, 10, 15]);
    expect(judgedWeights(judgement)).toEqual([40, 3]);
    expect(judgement[1]?.reason).toBe(
      'drops 30 -> 3: c0 leads: mean-latency 10.0 ms against 20.0 ms of the baseline, better: low is preferred',
    );
  });

  test('leaves the candidates a little while the baseline leads', () => {
    expect(judgedWeights(judge(anAbTest(1), [40], [10, 20]))).toEqual([5]);
  });

  test('is undecided below the fewest requests', () => {
    const experiment = anAbTest(1, { minSamples: 2000 });
    expect(judge(experiment, [10], [20, 10])[0]?.reward).toMatchObject({ verdict: 'undecided' });
  });

  test('never gives the candidates more than the maximum together', () => {
    const latency = fc.integer({ min: 1, max: 50 });
    const input = fc.record({
      latencies: fc.array(latency, { minLength: 3, maxLength: 5 }),
      most: fc.integer({ min: 10, max: 100 }),
      increment: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(input, ({ latencies, most, increment }) => {
        const experiment = anAbTest(latencies.length - 1, {
          weights: { maxCandidateWeight: most, maxCandidateWeightIncrement: increment },
        });
        let { weights } = firstWeights(experiment, undefined);
        for (let step = 0; step < 6; step += 1) {
          expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeLessThanOrEqual(most);
          weights = judge(experiment, weights, latencies).map((one) => one?.weight ?? 0);
        }
      }),
    );
  });
});

describe('the reward under error bounds', () => {
  const experiment = anAbTest(1, { analysis: { ...sequentialAnalysis, dispersion: 'off' } });

  /** The verdict after intervals with these latencies of baseline and candidate. */
  function verdictAfter(intervals: readonly (readonly [number, number])[]) {
    let state: Pick<CandidateState, 'weight' | 'totals' | 'evidence'> = initialCandidateState(50);
    let verdict: string | undefined;
    for (const [baseline, candidate] of intervals) {
      const [judged] = judgeAll({
        experiment,
        candidateStates: [state],
        measurement: {
          kind: 'measured',
          fromMs: 0,
          toMs: 12_000,
          baseline: someCounts({ latencyMs: baseline }),
          candidates: [someCounts({ latencyMs: candidate })],
        },
      });
      if (!judged) throw new Error('not judged');
      verdict = judged.reward?.verdict;
      state = { weight: 50, totals: judged.totals, ...(judged.evidence ? { evidence: judged.evidence } : {}) };
    }
    return verdict;
  }

  const noisy = (base: number) => Array.from({ length: 12 }, (_, index) => base + (index % 3));

  test('needs intervals, not one lucky value', () => {
    expect(verdictAfter([[20, 10]])).toBe('undecided');
  });

  test('finds the better and the worse candidate', () => {
    expect(verdictAfter(noisy(20).map((ms, index) => [ms, 10 + (index % 2)] as const))).toBe('better');
    expect(verdictAfter(noisy(10).map((ms, index) => [ms, 20 + (index % 2)] as const))).toBe('worse');
  });

  test('stays undecided between equals', () => {
    expect(verdictAfter(noisy(20).map((ms, index) => [ms, 20 + ((index + 1) % 3)] as const))).toBe('undecided');
  });
});
