import { expect, test } from 'vitest';
import { formatIssue } from '../../formats/document/issue.ts';
import { parseMetrics } from '../../formats/metrics/metric.ts';
import { findProviderIssues } from '../../metrics/provider-issues.ts';

test('an expression that does not compile is an issue at its place', async () => {
  const text = `apiVersion: serin.dev/v1alpha1
kind: Metric
metadata: { name: clicks }
spec:
  http:
    url: https://example.test
    jq: .value | tonum
`;
  const reading = parseMetrics(text, { file: 'metrics.yaml', namespace: 'default' });
  if (reading.kind === 'invalid') return expect.fail('the metric can be read');
  expect((await findProviderIssues(reading.metrics)).map(formatIssue)).toEqual([
    'metrics.yaml:7:9 spec.http.jq: expected a jq expression, got tonum/0 is not defined at column 10',
  ]);
});
