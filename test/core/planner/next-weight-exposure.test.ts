import { describe, expect, test } from 'vitest';
import { thresholdAnalysis } from '../../../core/experiment/analysis.ts';
import type { Analysis } from '../../../core/experiment/analysis.ts';
import { assess } from '../../../core/verdicts/assess.ts';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import type { Counts } from '../../../core/measurements/measurement.ts';
import { riskBudgetWeight } from '../../../core/planner/risk-budget.ts';
import { firstStep, nextWeight } from '../../../core/planner/next-weight.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';
import type { ExperimentChanges } from '../../support/builders.ts';

const errorRate = { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: false } as const;

function exposing(analysis: Partial<Analysis>, changes: ExperimentChanges = {}): Experiment {
  return anExperiment({ objectives: [errorRate], ...changes, analysis: { ...thresholdAnalysis, ...analysis } });
}

function next(experiment: Experiment, weight: number, candidate: Counts = someCounts()) {
  const totals = { baseline: someCounts(), candidate };
  const measurement = { kind: 'measured', fromMs: 0, toMs: 12_000, ...totals } as const;
  const assessment = assess({ experiment, totals, measurement });
  return nextWeight({ experiment, assessment, measurement, weight, candidate });
}

describe('explicit steps', () => {
  const stepped = exposing({ steps: [5, 20, 50] });

  test('are taken one an iteration, from the first to the last', () => {
    expect(firstStep(stepped, undefined).weight).toBe(5);
    expect(next(stepped, 5)).toEqual({ weight: 20, reason: 'climbs 5 -> 20' });
    expect(next(stepped, 20)).toEqual({ weight: 50, reason: 'climbs 20 -> 50' });
    expect(next(stepped, 50)).toEqual({ weight: 50, reason: 'stays at 50: the last step' });
  });

  test('end at the maximum weight', () => {
    const capped = exposing(
      { steps: [5, 20, 50] },
      { weights: { maxCandidateWeight: 30, maxCandidateWeightIncrement: 10 } },
    );
    expect(next(capped, 20)).toEqual({ weight: 30, reason: 'climbs 20 -> 30' });
  });
});

describe('a suspect candidate', () => {
  const suspect = someCounts({ requests: 80, errors: 4 });

  test('is held, or backs off, as the manifest says', () => {
    expect(next(exposing({}), 40, suspect)).toMatchObject({ weight: 40 });
    const { weight, reason } = next(exposing({ onSuspect: 'backoff' }), 40, suspect);
    expect(weight).toBe(5);
    expect(reason).toMatch(/^backs off 40 -> 5: 80 of 100 requests, suspect/);
  });
});

describe('a risk budget', () => {
  const budgeted = exposing({ riskBudget: 10 });

  test('exposes at first about as many requests as it has, and never under 1 %', () => {
    expect(firstStep(budgeted, 200)).toEqual({ weight: 5, reason: 'first step, 5 %: the risk budget allows no more' });
    expect(firstStep(budgeted, 20_000).weight).toBe(1);
    expect(firstStep(budgeted, 50).weight).toBe(10);
    expect(firstStep(budgeted, undefined).weight).toBe(10);
  });

  test('allows a multiple with each clean interval', () => {
    const after = (requests: number): number =>
      riskBudgetWeight({ experiment: budgeted, candidate: someCounts({ requests }), requestsPerInterval: 2000 }) ?? 0;
    expect(after(10)).toBeLessThan(after(30));
    expect(after(30)).toBeLessThan(after(100));
    expect(after(1000)).toBe(100);
  });

  test('shrinks with each error beyond the limit, down to 1 %', () => {
    const after = (errors: number): number =>
      riskBudgetWeight({
        experiment: budgeted,
        candidate: someCounts({ requests: 100, errors }),
        requestsPerInterval: 200,
      }) ?? 0;
    expect(after(5)).toBeLessThan(after(1));
    expect(after(50)).toBe(1);
  });

  test('wins where it allows less than the step, and says so', () => {
    expect(next(budgeted, 1, someCounts({ requests: 20 }))).toEqual({
      weight: 9,
      reason: 'climbs 1 -> 9: the risk budget allows no more',
    });
    expect(next(budgeted, 10, someCounts({ requests: 1000 })).reason).toBe('climbs 10 -> 20');
  });

  test('wins over what a failure or a doubt would leave, too', () => {
    const spent = someCounts({ requests: 200, errors: 4 });
    const many = { baseline: someCounts({ requests: 23_000 }), candidate: spent };
    const suspectWeight = (onSuspect: Analysis['onSuspect'], rollbackOnFailure: boolean) => {
      const objectives = [{ ...errorRate, rollbackOnFailure }];
      const experiment = exposing({ riskBudget: 10, onSuspect }, { objectives });
      const measurement = { kind: 'measured', fromMs: 0, toMs: 12_000, ...many } as const;
      const assessment = assess({ experiment, totals: many, measurement });
      return nextWeight({ experiment, assessment, measurement, weight: 10, candidate: spent });
    };
    expect(suspectWeight('backoff', false)).toMatchObject({
      weight: 1,
      reason: expect.stringContaining('risk budget'),
    });
    expect(suspectWeight('hold', false)).toEqual(suspectWeight('backoff', false));
  });

  test('needs a limit on the error rate', () => {
    const experiment = exposing({ riskBudget: 10 }, { objectives: [] });
    expect(riskBudgetWeight({ experiment, candidate: someCounts(), requestsPerInterval: 100 })).toBeUndefined();
  });
});
