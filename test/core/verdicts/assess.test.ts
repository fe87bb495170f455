import { describe, expect, test } from 'vitest';
import { allPass, assess } from '../../../core/verdicts/assess.ts';
import type { Counts, Measurement } from '../../../core/measurements/measurement.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';

const good = someCounts({ requests: 1000, errors: 0, latencyMs: 10 });
const failing = someCounts({ requests: 1000, errors: 100, latencyMs: 10 });
const none = someCounts({ requests: 0 });
const measured: Measurement = { kind: 'measured', fromMs: 0, toMs: 1, baseline: good, candidate: good };

function assessTotals({ baseline, candidate }: { baseline: Counts; candidate: Counts }, changes = {}) {
  return assess({ experiment: anExperiment(changes), totals: { baseline, candidate }, measurement: measured });
}

describe('assess', () => {
  test('judges baseline and candidate against every objective in the order of the manifest', () => {
    const { objectives, samples } = assessTotals({ baseline: good, candidate: failing });
    expect(objectives.map(({ objective, baseline, candidate }) => [objective.metric, baseline, candidate])).toEqual([
      ['mean-latency', 'pass', 'pass'],
      ['error-rate', 'pass', 'fail'],
    ]);
    expect(objectives[1]?.reason).toBe('error-rate 0.100 > limit 0.010, 1000 requests');
    expect(samples).toEqual({ baseline: 1000, candidate: 1000 });
  });

  test('does not call the candidate suspect when only the baseline is bad', () => {
    const { objectives } = assessTotals({ baseline: failing, candidate: good });
    expect(objectives.map(({ suspect }) => suspect)).toEqual([false, false]);
    expect(objectives[1]?.baseline).toBe('fail');
  });

  test('shows the request count, the indicators and the metrics of objectives, each once', () => {
    const { metrics } = assessTotals(
      { baseline: good, candidate: none },
      { indicators: ['error-count', 'error-rate'] },
    );
    expect(metrics).toEqual([
      { metric: 'request-count', baseline: 1000, candidate: 0 },
      { metric: 'mean-latency', baseline: 10 },
      { metric: 'error-count', baseline: 0, candidate: 0 },
      { metric: 'error-rate', baseline: 0 },
    ]);
  });

  test.each([
    { kind: 'error', reason: 'two series for one value' },
    { kind: 'blind', reason: 'Prometheus did not answer' },
  ] as const)('judges nothing when the interval is $kind, whatever the totals say', (measurement) => {
    const totals = { baseline: good, candidate: good };
    const assessment = assess({ experiment: anExperiment(), totals, measurement });
    expect(assessment.objectives.map(({ baseline, candidate }) => [baseline, candidate])).toEqual([
      ['error', 'error'],
      ['error', 'error'],
    ]);
    expect(assessment.objectives[0]?.reason).toBe(`mean-latency not measured: ${measurement.reason}`);
    expect(allPass(assessment, 100)).toBe(false);
  });
});

describe('a metric with samples of its own, on an idle target', () => {
  const metric = (name: string, more: object = {}) =>
    ({ namespace: 'default', name, type: 'gauge', source: { kind: 'mock', levels: {} }, ...more }) as const;
  const metrics = {
    clicks: metric('clicks', { sampleSize: { namespace: 'default', name: 'sessions' } }),
    'default/sessions': metric('sessions'),
  };
  const objectives = [{ metric: 'clicks', lowerLimit: 5, rollbackOnFailure: false }];
  const idle = (sessions: number) => ({
    ...someCounts({ requests: 0 }),
    values: {
      clicks: { kind: 'value', value: 7 },
      'default/sessions': { kind: 'value', value: sessions },
    } as const,
  });

  test('passes by its samples, not by requests', () => {
    const assessment = assessTotals({ baseline: idle(250), candidate: idle(250) }, { metrics, objectives });
    expect(assessment.objectives[0]).toMatchObject({
      candidate: 'pass',
      reason: expect.stringContaining('250 samples'),
    });
    expect(allPass(assessment, 100)).toBe(true);
  });

  test('is undecided while there are too few of them', () => {
    const assessment = assessTotals({ baseline: idle(250), candidate: idle(99) }, { metrics, objectives });
    expect(assessment.objectives[0]).toMatchObject({ candidate: 'undecided', reason: '99 of 100 samples' });
    expect(allPass(assessment, 100)).toBe(false);
  });
});

describe('allPass', () => {
  test('holds when every objective of the candidate passes, whatever the baseline does', () => {
    expect(allPass(assessTotals({ baseline: failing, candidate: good }), 100)).toBe(true);
  });

  test('does not hold when one objective fails', () => {
    expect(allPass(assessTotals({ baseline: good, candidate: failing }), 100)).toBe(false);
  });

  test('does not hold without enough candidate requests', () => {
    expect(allPass(assessTotals({ baseline: good, candidate: someCounts({ requests: 99 }) }), 100)).toBe(false);
  });

  test.each([
    { requests: 0, minSamples: 0, expected: false },
    { requests: 99, minSamples: 100, expected: false },
    { requests: 100, minSamples: 100, expected: true },
  ])('without objectives, $requests of $minSamples requests give $expected', ({ requests, minSamples, expected }) => {
    const totals = { baseline: good, candidate: someCounts({ requests }) };
    expect(allPass(assessTotals(totals, { objectives: [], minSamples }), minSamples)).toBe(expected);
  });
});
