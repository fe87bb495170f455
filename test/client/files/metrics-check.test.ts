import { describe, expect, test } from 'vitest';
import { findMetricIssues } from '../../../client/files/metrics-check.ts';

const metric = `apiVersion: iter8.tools/v2alpha2
kind: Metric
metadata: { name: clicks }
spec:
  urlTemplate: https://example.test/$key
  jqExpression: .value
  secret: shop/keys
`;

const experiment = (rest: string): string => `${metric}---\nkind: Experiment\nmetadata: { name: app${rest} }\n`;

const issuesIn = (text: string) => findMetricIssues({ name: 'file', text });

describe('a metric without a namespace', () => {
  test('is in that of the experiment beside it, which may have mistakes', async () => {
    expect(await issuesIn(experiment(', namespace: shop'))).toEqual([]);
  });

  test.each([metric, experiment(''), experiment(', namespace: 5')])('is in the default one otherwise', async (text) => {
    expect(await issuesIn(text)).toEqual([
      "file:7:11 spec.secret: expected a secret in the metric's own namespace, default, got shop/keys",
    ]);
  });
});
