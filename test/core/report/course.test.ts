import { describe, expect, test } from 'vitest';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import { buildCourse } from '../../../core/report/course.ts';
import { observeUndisturbed, undisturbedState } from '../../../core/offline/rejudge.ts';
import { initialCandidateState } from '../../../core/planner/candidate-state.ts';
import type { RunMeasurement } from '../../../core/measurements/measurement.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';

const experiment = anExperiment({
  analysis: sequentialAnalysis,
  objectives: [
    { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: true },
    { metric: 'latency-95th-percentile', upperLimit: 150, rollbackOnFailure: true },
  ],
});

/** One judged interval, as the record of a run has it. */
function judged(measurement: RunMeasurement) {
  const before = { ...undisturbedState({ startedAtMs: 0 }), candidateStates: [initialCandidateState()] };
  const { judgement } = observeUndisturbed(before, { experiment, measurement, nowMs: 12_000 });
  return { atMs: 12_000, weights: [10], measurement, ...(judgement === undefined ? {} : { judgement }) };
}

const measurement: RunMeasurement = {
  kind: 'measured',
  fromMs: 0,
  toMs: 12_000,
  baseline: someCounts({ requests: 900, errors: 1 }),
  candidates: [someCounts({ requests: 100, errors: 2 })],
};

describe('the course of a run', () => {
  const course = buildCourse(experiment, [judged(measurement), judged({ kind: 'blind', reason: 'no answer' })]);
  const [first, blind] = course.intervals;

  test('has for each interval what each version answered, and at which weight', () => {
    expect(course).toMatchObject({ versions: ['current', 'candidate'], judged: ['candidate'] });
    expect(first).toMatchObject({
      number: 1,
      weights: [10],
      answered: [
        { requests: 900, errors: 1 },
        { requests: 100, errors: 2 },
      ],
    });
  });

  test('has estimates with bounds in their own units: of an error rate, and of the share of slow requests', () => {
    const [errorRate, latency] = first?.judgements[0]?.objectives ?? [];
    expect(errorRate).toMatchObject({ value: 0.02, baseline: 1 / 900, interval: { lower: expect.any(Number) } });
    expect(errorRate?.interval?.upper).toBeGreaterThan(0.02);
    expect(latency?.interval).toBeUndefined();
    expect(latency?.slowShare).toMatchObject({ lower: 0, limit: expect.closeTo(0.05) });
  });

  test('says what evidence a pass and a failure need', () => {
    expect(course.needed?.pass).toBeCloseTo(-Math.log(experiment.analysis.falsePass));
    expect(course.needed?.fail).toBeCloseTo(-Math.log(experiment.analysis.falseFail));
  });

  test('names why an interval was not measured, and judges nothing in it', () => {
    expect(blind).toEqual({
      number: 2,
      atMs: 12_000,
      weights: [10],
      unmeasured: 'no answer',
      answered: [],
      judgements: [],
    });
  });

  test('of a conformance test has one version', () => {
    const alone = anExperiment({ testingPattern: 'Conformance', candidates: [], finish: [] });
    expect(buildCourse(alone, [])).toMatchObject({ versions: ['current'], judged: ['current'], intervals: [] });
  });
});
