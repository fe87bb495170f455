import { describe, expect, test } from 'vitest';
import type { MetricDefinition } from '../../../core/experiment/metric-definition.ts';
import { formatIssue } from '../../../formats/document/issue.ts';
import { parseMetricObject, parseMetrics } from '../../../formats/metrics/metric.ts';

const origin = { file: 'metrics.yaml', namespace: 'default' };

function definitionsIn(text: string): readonly MetricDefinition[] {
  const reading = parseMetrics(text, origin);
  if (reading.kind === 'invalid') throw new Error(reading.issues.map(formatIssue).join('\n'));
  return reading.metrics.map(({ definition }) => definition);
}

function issuesIn(text: string): readonly string[] {
  const reading = parseMetrics(text, origin);
  return reading.kind === 'invalid' ? reading.issues.map(formatIssue) : [];
}

/** A Metric of iter8's second version with one more line in its spec. */
function v2alpha2(...lines: readonly string[]): string {
  return ['apiVersion: iter8.tools/v2alpha2', 'kind: Metric', 'metadata: { name: clicks }', 'spec:', ...lines].join(
    '\n',
  );
}

function serin(...lines: readonly string[]): string {
  return v2alpha2(...lines).replace('iter8.tools/v2alpha2', 'serin.dev/v1alpha1');
}

const http = ['  urlTemplate: https://example.test/api', '  jqExpression: .value'];

describe("iter8's v2alpha1", () => {
  const meanLatency = `
apiVersion: iter8.tools/v2alpha1
kind: Metric
metadata: { name: mean-latency, namespace: iter8-knative }
spec:
  description: Mean latency
  units: milliseconds
  type: gauge
  sampleSize: { name: request-count }
  provider: prometheus
  params:
    - name: query
      value: sum(x{revision_name='$revision'}[$interval])
`;

  test('is a query to the Prometheus of the installation', () => {
    expect(definitionsIn(meanLatency)).toEqual([
      {
        namespace: 'iter8-knative',
        name: 'mean-latency',
        description: 'Mean latency',
        units: 'milliseconds',
        type: 'gauge',
        sampleSize: { namespace: 'iter8-knative', name: 'request-count' },
        source: { kind: 'prometheus', query: `sum(x{revision_name='$revision'}[$interval])` },
      },
    ]);
  });

  test('has no other provider than Prometheus, and no other parameter than its query', () => {
    const wrong = meanLatency.replace('provider: prometheus', 'provider: sysdig').replace('name: query', 'name: q');
    expect(issuesIn(wrong)).toEqual([
      'metrics.yaml:12:5 spec.params: expected one parameter, named query, got "q"',
      'metrics.yaml:10:13 spec.provider: expected prometheus, got "sysdig"',
    ]);
  });
});

describe("iter8's v2alpha2", () => {
  test.each(['Counter', 'counter', 'Gauge', 'gauge'])(
    'has the type %s, in lower case as it was for a while',
    (type) => {
      expect(definitionsIn(v2alpha2(...http, `  type: ${type}`))[0]?.type).toBe(type.toLowerCase());
    },
  );

  test('is JSON over HTTP, with everything that it may say', () => {
    const text = v2alpha2(
      ...http,
      '  type: Counter',
      '  method: POST',
      '  body: \'{"since": "$elapsedTime"}\'',
      '  authType: Bearer',
      '  secret: credentials',
      '  sampleSize: other/request-count',
      '  params: [{ name: nrql, value: "WHERE version=\'$name\'" }]',
      '  headerTemplates: [{ name: Authorization, value: "Bearer $token" }]',
    );
    expect(definitionsIn(text)).toEqual([
      {
        namespace: 'default',
        name: 'clicks',
        type: 'counter',
        sampleSize: { namespace: 'other', name: 'request-count' },
        source: {
          kind: 'http',
          method: 'POST',
          urlTemplate: 'https://example.test/api',
          headers: [{ name: 'Authorization', value: 'Bearer $token' }],
          params: [{ name: 'nrql', value: `WHERE version='$name'` }],
          body: '{"since": "$elapsedTime"}',
          jqExpression: '.value',
          authType: 'Bearer',
          secret: { namespace: 'default', name: 'credentials' },
        },
      },
    ]);
  });

  test('is a gauge asked for by GET unless it says otherwise', () => {
    const [{ type, source } = expect.fail('no metric')] = definitionsIn(v2alpha2(...http));
    expect({ type, source }).toMatchObject({ type: 'gauge', source: { method: 'GET', params: [], headers: [] } });
  });

  test('is mocked as soon as it has levels', () => {
    const text = v2alpha2(...http, '  mock: [{ name: current, level: 20 }, { name: candidate, level: 2500m }]');
    expect(definitionsIn(text)[0]?.source).toEqual({ kind: 'mock', levels: { current: 20, candidate: 2.5 } });
  });

  test('of the provider iter8 is built in, and left out', () => {
    expect(definitionsIn(v2alpha2('  provider: iter8'))).toEqual([]);
  });

  test.each([
    [
      ['  provider: prometheus'],
      [
        'metrics.yaml:5:3 spec: expected urlTemplate or mock, got neither',
        'metrics.yaml:5:3 spec: expected jqExpression or mock, got neither',
      ],
    ],
    [
      [...http, '  type: COUNTER'],
      ['metrics.yaml:7:9 spec.type: expected Counter or Gauge or counter or gauge, got "COUNTER"'],
    ],
    [[...http, '  authType: Basic'], ['metrics.yaml:7:13 spec.authType: expected a secret beside authType, got none']],
    [
      [...http, '  body: "{}"'],
      ['metrics.yaml:7:9 spec.body: expected method POST beside a body, got GET, the default'],
    ],
    [
      [...http, '  secret: kube-system/token'],
      [
        "metrics.yaml:7:11 spec.secret: expected a secret in the metric's own namespace, default, got kube-system/token",
      ],
    ],
  ])('%j is refused with place and remedy', (lines, issues) => {
    expect(issuesIn(v2alpha2(...lines))).toEqual(issues);
  });
});

describe('serin.dev/v1alpha1', () => {
  test("asks the worker's Prometheus", () => {
    const text = serin('  type: counter', '  prometheus: { query: "sum(x{r=\'$revision\'})" }');
    expect(definitionsIn(text)[0]).toMatchObject({
      type: 'counter',
      source: { kind: 'prometheus', query: `sum(x{r='$revision'})` },
    });
  });

  test('asks another Prometheus where the metric names one', () => {
    const text = serin('  prometheus: { query: up, url: "http://prometheus:9090/" }');
    expect(definitionsIn(text)[0]?.source).toEqual({ kind: 'prometheus', query: 'up', url: 'http://prometheus:9090/' });
  });

  test('posts a body, and sends the token of a bearer', () => {
    const text = serin(
      '  http:',
      '    url: https://example.test/api',
      "    body: '{}'",
      '    jq: .value',
      '    auth: { type: bearer, secret: credentials }',
    );
    expect(definitionsIn(text)[0]?.source).toMatchObject({
      method: 'POST',
      headers: [{ name: 'Authorization', value: 'Bearer ${token}' }],
      authType: 'Bearer',
      secret: { namespace: 'default', name: 'credentials' },
    });
  });

  test('has one source', () => {
    expect(issuesIn(serin('  mock: { current: 1 }', '  prometheus: { query: up }'))).toEqual([
      'metrics.yaml:5:3 spec: expected one of prometheus, http, mock, got 2',
    ]);
  });
});

describe('a file', () => {
  const two = [serin('  mock: { current: 1 }'), 'kind: Namespace', v2alpha2(...http)];

  test('may have other documents between its metrics', () => {
    expect(definitionsIn(two.join('\n---\n').replace('clicks', 'views'))).toHaveLength(2);
  });

  test('defines each metric once', () => {
    expect(issuesIn(two.join('\n---\n'))).toEqual([
      'metrics.yaml:11:19 metadata.name: expected each metric once, got default/clicks again',
    ]);
  });

  test('tells where an expression stands, for whoever compiles it', () => {
    const reading = parseMetrics(v2alpha2(...http), origin);
    expect(reading).toMatchObject({
      metrics: [{ expressionPlace: { file: 'metrics.yaml', line: 6, column: 17, path: 'spec.jqExpression' } }],
    });
  });

  test('of an unknown version is refused', () => {
    expect(issuesIn('apiVersion: iter8.tools/v3\nkind: Metric')).toEqual([
      'metrics.yaml:1:13 apiVersion: expected iter8.tools/v2alpha1 or iter8.tools/v2alpha2 or serin.dev/v1alpha1, ' +
        'got "iter8.tools/v3"',
    ]);
  });
});

test('an object of the API server is read with what the server adds', () => {
  const object = {
    apiVersion: 'serin.dev/v1alpha1',
    kind: 'Metric',
    metadata: { name: 'clicks', namespace: 'web', uid: '1', managedFields: [], creationTimestamp: 'now' },
    spec: { mock: { current: 1 } },
  };
  expect(parseMetricObject(object, origin)).toMatchObject({
    kind: 'ok',
    metrics: [{ definition: { namespace: 'web', name: 'clicks' } }],
  });
});

describe('a placeholder in a URL', () => {
  const words = 'expected no placeholder, which only a secret would fill in ($$ is a dollar), got $key, $other';
  const url = 'https://example.test/$key/${other}/$$/$5';

  test('is refused without a secret', () => {
    expect(issuesIn(v2alpha2(`  urlTemplate: ${url}`, '  jqExpression: .value'))).toEqual([
      `metrics.yaml:5:16 spec.urlTemplate: ${words}`,
    ]);
    expect(issuesIn(serin(`  http: { url: "${url}", jq: .value }`))).toEqual([
      `metrics.yaml:5:16 spec.http.url: ${words}`,
    ]);
    expect(issuesIn(serin(`  prometheus: { url: "${url}", query: up }`))).toEqual([
      `metrics.yaml:5:22 spec.prometheus.url: ${words}`,
    ]);
  });

  test('is a key of the secret', () => {
    expect(issuesIn(v2alpha2(`  urlTemplate: ${url}`, '  jqExpression: .value', '  secret: keys'))).toEqual([]);
    expect(issuesIn(serin(`  http: { url: "${url}", jq: .value, auth: { type: apiKey, secret: s } }`))).toEqual([]);
  });
});
