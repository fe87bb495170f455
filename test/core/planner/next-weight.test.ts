import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assess } from '../../../core/verdicts/assess.ts';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import type { Counts, Measurement } from '../../../core/measurements/measurement.ts';
import { firstWeight, nextWeight } from '../../../core/planner/next-weight.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';

const good = someCounts();
const failing = someCounts({ errors: 100 });
const few = someCounts({ requests: 37 });
const suspect = someCounts({ requests: 37, errors: 3 });
const none = someCounts({ requests: 0 });

interface Situation {
  readonly experiment?: Experiment;
  readonly weight: number;
  readonly candidate?: Counts;
  readonly measurement?: Measurement;
}

function next({
  experiment = anExperiment(),
  weight,
  candidate = good,
  measurement = measuring(candidate),
}: Situation) {
  const assessment = assess({ experiment, totals: { baseline: good, candidate }, measurement });
  return nextWeight({ experiment, assessment, measurement, weight });
}

function measuring(candidate: Counts): Measurement {
  return { kind: 'measured', fromMs: 0, toMs: 12_000, baseline: good, candidate };
}

function limits(maxCandidateWeight: number, maxCandidateWeightIncrement: number): Experiment {
  return anExperiment({ weights: { maxCandidateWeight, maxCandidateWeightIncrement } });
}

describe('firstWeight', () => {
  test.each([
    { max: 100, increment: 10, expected: 10 },
    { max: 75, increment: 100, expected: 75 },
    { max: 100, increment: 0, expected: 1 },
    { max: 0, increment: 10, expected: 1 },
    { max: 100, increment: 100, expected: 100 },
  ])('of maximum $max and increment $increment is $expected', ({ max, increment, expected }) => {
    expect(firstWeight(limits(max, increment))).toBe(expected);
  });
});

describe('nextWeight', () => {
  test.each([
    { name: 'climbs by the increment', situation: { weight: 10 }, weight: 20, reason: 'climbs 10 -> 20' },
    {
      name: 'climbs to the maximum when less than an increment is left',
      situation: { experiment: limits(75, 20), weight: 60 },
      weight: 75,
      reason: 'climbs 60 -> 75',
    },
    {
      name: 'stays at the maximum',
      situation: { experiment: limits(75, 20), weight: 75 },
      weight: 75,
      reason: 'stays at 75: the maximum is 75',
    },
    {
      name: 'stays when the increment is 0',
      situation: { experiment: limits(75, 0), weight: 1 },
      weight: 1,
      reason: 'stays at 1: the increment is 0',
    },
    {
      name: 'climbs while verdicts are only undecided',
      situation: { weight: 10, candidate: few },
      weight: 20,
      reason: 'climbs 10 -> 20',
    },
    {
      name: 'holds while the candidate is suspect',
      situation: { weight: 30, candidate: suspect },
      weight: 30,
      reason: 'held at 30: 37 of 100 requests, suspect: error-rate 0.081 > limit 0.010 by more than 50 %',
    },
    {
      name: 'holds when the candidate had no request in the interval',
      situation: { weight: 30, measurement: measuring(none) },
      weight: 30,
      reason: 'held at 30: no candidate request in the interval',
    },
    {
      name: 'holds while blind',
      situation: { weight: 30, measurement: { kind: 'blind', reason: 'Prometheus is down' } },
      weight: 30,
      reason: 'held at 30: blind: Prometheus is down',
    },
    {
      name: 'holds when the interval could not be measured',
      situation: { weight: 30, measurement: { kind: 'error', reason: 'torn histogram' } },
      weight: 30,
      reason: 'held at 30: not measured: torn histogram',
    },
    {
      name: 'drops to 5 % when an objective fails',
      situation: { weight: 40, candidate: failing },
      weight: 5,
      reason: 'drops 40 -> 5: failed: error-rate 0.100 > limit 0.010, 1000 requests',
    },
    {
      name: 'drops to the first step when it is smaller than 5 %',
      situation: { experiment: limits(100, 2), weight: 40, candidate: failing },
      weight: 2,
      reason: 'drops 40 -> 2: failed: error-rate 0.100 > limit 0.010, 1000 requests',
    },
    {
      name: 'stays at the floor while an objective fails',
      situation: { weight: 5, candidate: failing },
      weight: 5,
      reason: 'held at 5: failed: error-rate 0.100 > limit 0.010, 1000 requests',
    },
    { name: 'climbs again from the floor', situation: { weight: 5 }, weight: 15, reason: 'climbs 5 -> 15' },
    {
      name: 'never shifts a FixedSplit',
      situation: { experiment: anExperiment({ deploymentPattern: 'FixedSplit' }), weight: 40, candidate: failing },
      weight: 40,
      reason: 'stays at 40: the deployment pattern is FixedSplit',
    },
  ] as const)('$name', ({ situation, weight, reason }) => {
    expect(next(situation)).toEqual({ weight, reason });
  });

  const percent = fc.integer({ min: 0, max: 100 });
  const situation = fc.record({
    max: percent,
    increment: percent,
    steps: fc.array(fc.constantFrom(good, failing, few, suspect, none), { minLength: 1, maxLength: 30 }),
  });

  test('rises at most by the increment, never beyond the maximum, in whole percents of 1..100', () => {
    fc.assert(
      fc.property(situation, ({ max, increment, steps }) => {
        const experiment = limits(max, increment);
        let weight = firstWeight(experiment);
        for (const candidate of steps) {
          const following = next({ experiment, weight, candidate }).weight;
          expect(Number.isInteger(following)).toBe(true);
          expect(following - weight).toBeLessThanOrEqual(increment);
          expect(following).toBeLessThanOrEqual(Math.max(1, max));
          expect(following).toBeGreaterThanOrEqual(1);
          weight = following;
        }
      }),
      { seed: 5 },
    );
  });

  test('is never higher when more of the same requests failed', () => {
    const requests = fc.integer({ min: 1, max: 2000 });
    fc.assert(
      fc.property(requests, fc.nat(2000), fc.nat(2000), fc.integer({ min: 1, max: 100 }), (total, a, b, weight) => {
        const [fewer, more] = [Math.min(a, b, total), Math.min(Math.max(a, b), total)];
        const better = next({ weight, candidate: someCounts({ requests: total, errors: fewer }) });
        const worse = next({ weight, candidate: someCounts({ requests: total, errors: more }) });
        expect(worse.weight).toBeLessThanOrEqual(better.weight);
      }),
      { seed: 6 },
    );
  });
});
