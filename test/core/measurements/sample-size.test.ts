import { describe, expect, test } from 'vitest';
import type { MetricDefinition } from '../../../core/experiment/metric-definition.ts';
import { hasOwnSamples, restsOnRequests } from '../../../core/measurements/load-test.ts';
import { ownSampleSize, sampleCount } from '../../../core/measurements/sample-size.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';

function aMetric(name: string, sampleSize?: string): MetricDefinition {
  const own = { namespace: 'default', name, type: 'gauge', source: { kind: 'mock', levels: {} } } as const;
  return sampleSize === undefined ? own : { ...own, sampleSize: { namespace: 'default', name: sampleSize } };
}

const clicks = aMetric('clicks', 'sessions');
const sessions = aMetric('sessions');
const idle = { ...someCounts({ requests: 0 }), values: { sessions: { kind: 'value', value: 250.5 } } } as const;

describe('the samples of a metric', () => {
  test('are what its sample size says, also where the manifest names that one by itself', () => {
    const metrics = { clicks, sessions };
    expect(ownSampleSize('clicks', { metrics })).toBe('sessions');
    expect(sampleCount('clicks', idle, { metrics })).toBe(250);
    expect(ownSampleSize('clicks', { metrics: { clicks, 'default/sessions': sessions } })).toBe('default/sessions');
  });

  test('are requests where it names none, or a built-in one', () => {
    const counts = someCounts({ requests: 12 });
    expect(sampleCount('mean-latency', counts, { metrics: {} })).toBe(12);
    expect(sampleCount('clicks', counts, { metrics: { clicks: aMetric('clicks', 'request-count') } })).toBe(12);
  });

  test('are none while their own metric has no value, whatever the requests', () => {
    const values = { sessions: { kind: 'unavailable', reason: 'no series' } } as const;
    expect(sampleCount('clicks', { ...someCounts(), values }, { metrics: { clicks, sessions } })).toBe(0);
  });
});

describe('an experiment rests on requests', () => {
  const objective = { metric: 'clicks', lowerLimit: 1, rollbackOnFailure: false };

  test.each([
    ['where a metric of its own counts no samples', { metrics: { clicks: aMetric('clicks') } }, true],
    ['not where each has samples of its own', { metrics: { clicks, sessions } }, false],
  ])('%s', (_, changes, expected) => {
    const experiment = anExperiment({ objectives: [objective], ...changes });
    expect(restsOnRequests(experiment)).toBe(expected);
    expect(hasOwnSamples(experiment)).toBe(!expected);
  });

  test('where a built-in metric is judged too, and where nothing is', () => {
    const metrics = { clicks, sessions };
    const builtIn = { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: false };
    expect(restsOnRequests(anExperiment({ metrics, objectives: [objective, builtIn] }))).toBe(true);
    expect(restsOnRequests(anExperiment({ metrics, objectives: [] }))).toBe(true);
  });
});
