import { expect, test } from 'vitest';
import { findMetrics } from '../../../activities/metrics/find-metrics.ts';
import { asActivity, failureOf } from '../../support/activity.ts';
import { anExperiment } from '../../support/builders.ts';

const metric = {
  apiVersion: 'iter8.tools/v2alpha2',
  kind: 'Metric',
  metadata: { name: 'busyness', namespace: 'shop' },
};

/** With one Metric, whose value is what jq makes of an answer. */
function withMetric(jqExpression: string) {
  const spec = { urlTemplate: 'https://analytics.test', jqExpression };
  const cluster = {
    readMetricResource: async (_: unknown, { name }: { readonly name: string }) =>
      name === 'busyness' ? { ...metric, spec } : undefined,
  };
  return (...indicators: readonly string[]) =>
    findMetrics(cluster, { experiment: anExperiment({ namespace: 'shop', indicators }) });
}

test('finds what the manifest only names, and nothing else', async () => {
  const find = withMetric('.value');
  expect(Object.keys(await asActivity(() => find('busyness', 'mean-latency')))).toEqual(['busyness']);
});

test('refuses a metric that nobody has defined, by its name', async () => {
  expect(await failureOf(() => withMetric('.value')('laziness'))).toMatchObject({
    type: 'MetricUnavailable',
    isRetryable: false,
    message: 'Unable to find metric shop/laziness; apply its Metric resource, or correct the name',
  });
});

test('refuses an expression that cannot be compiled, by the name of its metric', async () => {
  expect(await failureOf(() => withMetric('.value | tonum')('busyness'))).toMatchObject({
    type: 'MetricUnavailable',
    message: 'metric busyness: jqExpression: expected a jq expression, got tonum/0 is not defined at column 10',
  });
});
