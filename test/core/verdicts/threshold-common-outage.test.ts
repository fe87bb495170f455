import { describe, expect, test } from 'vitest';
import { thresholdAnalysis } from '../../../core/experiment/analysis.ts';
import type { AnalysisDefaults } from '../../../core/experiment/analysis.ts';
import type { Objective } from '../../../core/experiment/experiment.ts';
import { noCounts } from '../../../core/measurements/measurement.ts';
import type { Counts, Totals } from '../../../core/measurements/measurement.ts';
import { seededRandom } from '../../../core/offline/random.ts';
import { simulate } from '../../../core/offline/simulate.ts';
import { judgeInterval } from '../../../core/planner/judge-candidate.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';

const errorRate: Objective = { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: true };
const hold: AnalysisDefaults = { ...thresholdAnalysis, commonOutage: 'hold' };
const good = someCounts({ requests: 900 });
const bad = someCounts({ requests: 100, errors: 20 });
const totals: Totals = { baseline: good, candidate: good };

interface Interval {
  readonly baseline: Counts;
  readonly candidate: Counts;
}

function judge(interval: Interval, { objective = errorRate, analysis = hold } = {}) {
  const experiment = anExperiment({ objectives: [objective], analysis });
  const measurement = { kind: 'measured', fromMs: 0, toMs: 12_000, ...interval } as const;
  return judgeInterval({ experiment, totals, measurement, weight: 40 });
}

describe('an interval in which the baseline breaks the limits that the candidate fails', () => {
  test('is the environment, with its reason, and is left out of the values of both versions', () => {
    const judged = judge({ baseline: bad, candidate: bad });
    expect(judged.assessment.overall).toEqual({
      verdict: 'environment',
      reason: 'baseline and candidate fail together: error-rate 0.020 > limit 0.010, 1000 requests',
    });
    expect(judged.totals).toEqual(totals);
  });

  test.each([
    ['the baseline keeps the limit in it', { baseline: good, candidate: bad }, {}],
    ['the baseline had no request in it', { baseline: noCounts, candidate: bad }, {}],
    ['the candidate keeps its limits', { baseline: bad, candidate: good }, {}],
    ['the manifest does not ask for it', { baseline: bad, candidate: bad }, { analysis: thresholdAnalysis }],
    [
      'what fails is a count',
      { baseline: bad, candidate: bad },
      { objective: { ...errorRate, metric: 'error-count', upperLimit: 10 } },
    ],
    [
      'what fails is a ratio to the baseline',
      { baseline: someCounts({ requests: 100, errors: 2 }), candidate: bad },
      { objective: { ...errorRate, maxRatioToBaseline: 1.5 } },
    ],
  ])('is none where %s', (_, interval, changes) => {
    const judged = judge(interval, changes);
    expect(judged.assessment.overall).toBeUndefined();
    expect(judged.totals.candidate.requests).toBe(900 + interval.candidate.requests);
  });
});

describe('a common outage under the threshold method', () => {
  const usual = 0;
  const inOutage = (interval: number) => (interval >= 6 && interval <= 8 ? 0.3 : usual);

  function shares({ candidate = inOutage, commonOutage }: Run) {
    const random = seededRandom(7);
    const experiment = anExperiment({
      objectives: [errorRate],
      iterations: 12,
      analysis: { ...thresholdAnalysis, commonOutage },
    });
    const versions = { baseline: { errorRate: inOutage }, candidates: [{ errorRate: candidate }] };
    const runs = Array.from({ length: 100 }, () =>
      simulate({ experiment, ...versions, requestsPerSecond: 50, random }),
    );
    return {
      promoted: runs.filter(({ outcome }) => outcome === 'promoted').length,
      failed: runs.filter(({ outcome }) => outcome === 'failed').length,
    };
  }

  interface Run {
    readonly commonOutage: 'blame' | 'hold';
    readonly candidate?: (interval: number) => number;
  }

  test('is blamed on the candidate as iter8 does, and is not where the manifest holds', () => {
    expect(shares({ commonOutage: 'blame' })).toEqual({ promoted: 0, failed: 100 });
    expect(shares({ commonOutage: 'hold' })).toEqual({ promoted: 100, failed: 0 });
  });

  test('does not excuse a candidate that goes on to fail alone', () => {
    const candidate = (interval: number) => (interval >= 6 ? 0.3 : usual);
    expect(shares({ commonOutage: 'hold', candidate })).toEqual({ promoted: 0, failed: 100 });
  });
});
