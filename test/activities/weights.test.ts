import { describe, expect, test } from 'vitest';
import { computeWeights } from '../../activities/weights.ts';
import { noCounts } from '../../core/measurements/measurement.ts';
import type { RunMeasurement, Totals } from '../../core/measurements/measurement.ts';
import { initialCandidateState } from '../../core/planner/candidate-state.ts';
import { anExperiment, someCounts } from '../support/builders.ts';

const nothing = { baseline: noCounts, candidate: noCounts };
const interval: Extract<RunMeasurement, { kind: 'measured' }> = {
  kind: 'measured',
  fromMs: 0,
  toMs: 12_000,
  baseline: someCounts({ requests: 900 }),
  candidates: [someCounts({ requests: 60 })],
};

/** The result for the only candidate. */
async function judge(input: { totals: Totals; weight: number; measurement: RunMeasurement }) {
  const { totals, weight, measurement } = input;
  const candidateStates = [{ ...initialCandidateState(weight), totals }];
  const [judgement] = await computeWeights({ experiment: anExperiment(), candidateStates, measurement });
  if (!judgement) throw new Error('nothing was judged');
  return judgement;
}

describe('computeWeights', () => {
  test('adds the interval to the totals and judges by their sum', async () => {
    const first = await judge({
      totals: nothing,
      measurement: interval,
      weight: 10,
    });
    expect(first.assessment.objectives.map(({ candidate }) => candidate)).toEqual(['undecided', 'undecided']);
    const second = await judge({
      totals: first.totals,
      measurement: interval,
      weight: first.weight,
    });
    expect(second.totals.candidate).toEqual(someCounts({ requests: 120 }));
    expect(second.totals.baseline).toEqual(someCounts({ requests: 1800 }));
    expect(second.assessment.objectives.map(({ candidate }) => candidate)).toEqual(['pass', 'pass']);
    expect(second).toMatchObject({ weight: 30, reason: 'climbs 20 -> 30', suspect: false });
  });

  test('keeps totals and weight while blind', async () => {
    const totals = { baseline: someCounts(), candidate: someCounts() };
    const measurement: RunMeasurement = { kind: 'blind', reason: 'Prometheus is down' };
    const result = await judge({ totals, measurement, weight: 40 });
    expect(result).toMatchObject({ totals, weight: 40, reason: 'held at 40: blind: Prometheus is down' });
  });

  test('says that the candidate is suspect', async () => {
    const measurement = { ...interval, candidates: [someCounts({ requests: 50, errors: 10 })] };
    const result = await judge({ totals: nothing, measurement, weight: 10 });
    expect(result).toMatchObject({ weight: 10, suspect: true });
  });

  test('does not mix histograms with different boundaries', async () => {
    const totals = { baseline: someCounts(), candidate: someCounts() };
    const buckets = [
      { le: 25, count: 60 },
      { le: null, count: 60 },
    ];
    const measurement = { ...interval, candidates: [{ ...someCounts({ requests: 60 }), buckets }] };
    const result = await judge({ totals, measurement, weight: 10 });
    expect(result.totals).toEqual(totals);
    expect(result.weight).toBe(10);
    expect(result.assessment.objectives.map(({ candidate }) => candidate)).toEqual(['error', 'error']);
    expect(result.reason).toContain("the candidate's latency buckets changed during the run, from [5, 10, 20,");
  });

  test('takes well under 50 ms', async () => {
    const startedMs = performance.now();
    for (let run = 0; run < 100; run += 1) {
      await judge({ totals: nothing, measurement: interval, weight: 10 });
    }
    expect((performance.now() - startedMs) / 100).toBeLessThan(50);
  });
});
