import { describe, expect, test } from 'vitest';
import { readObjects } from '../../../../formats/document/objects.ts';
import { convertManifest } from '../../../../formats/manifest/convert.ts';

type Changes = Readonly<Record<string, unknown>>;

const successRate = {
  name: 'success-rate',
  interval: '5m',
  count: '3',
  initialDelay: '30s',
  successCondition: 'result[0] >= 0.95',
  failureLimit: 3,
  provider: {
    prometheus: {
      address: 'http://prometheus.example.com:{{args.port}}',
      query:
        'sum(rate(ok{revision="{{args.revision}}",path!~"x$"}[5m])) / sum(rate(all{revision="{{ args.revision }}"}[5m]))',
    },
  },
};

function template(metrics: readonly Changes[], kind = 'AnalysisTemplate'): string {
  return JSON.stringify({
    apiVersion: 'argoproj.io/v1alpha1',
    kind,
    metadata: { name: 'success-rate', namespace: 'shop' },
    spec: {
      args: [
        { name: 'revision' },
        { name: 'service-name' },
        { name: 'port', value: '9090' },
        { name: 'every', value: '2m' },
      ],
      metrics,
    },
  });
}

function convert(metrics: readonly Changes[], kind?: string) {
  const conversion = convertManifest(template(metrics, kind), 'template.yaml', 'checkout');
  if (conversion.kind === 'invalid') throw new Error(conversion.issues.join('\n'));
  const reading = readObjects(conversion.text, 'x');
  const [experiment, ...rest] = reading.kind === 'read' ? reading.documents.map(({ value }) => value as Changes) : [];
  return { experiment, metrics: rest, warnings: conversion.warnings };
}

describe('an AnalysisTemplate of Argo Rollouts', () => {
  test.each(['AnalysisTemplate', 'ClusterAnalysisTemplate'])('becomes an experiment and its Metrics: %s', (kind) => {
    const { experiment, metrics } = convert([successRate], kind);
    expect(experiment).toEqual({
      apiVersion: 'serin.dev/v1alpha1',
      kind: 'Experiment',
      metadata: { name: 'success-rate', namespace: 'shop' },
      spec: {
        target: 'checkout',
        objectives: [{ metric: 'success-rate-success-rate', min: 0.95 }],
        interval: '5m',
        iterations: 3,
        analysis: { warmUp: '30s' },
      },
    });
    expect(metrics).toEqual([
      {
        apiVersion: 'serin.dev/v1alpha1',
        kind: 'Metric',
        metadata: { name: 'success-rate-success-rate', namespace: 'shop' },
        spec: {
          prometheus: {
            url: 'http://prometheus.example.com:9090',
            query: 'sum(rate(ok{revision="${revision}",path!~"x$$"}[5m])) / sum(rate(all{revision="${revision}"}[5m]))',
          },
        },
      },
    ]);
  });

  test('says what does not fit, with its place', () => {
    const { warnings } = convert([{ ...successRate, failureCondition: 'result[0] < 0.9' }]);
    expect(warnings.map((line) => line.replace(/^template\.yaml:1:\d+ /, '').split(':')[0])).toEqual([
      'spec.args[0]',
      'spec.args[1]',
      'spec.metrics[0].failureCondition',
      'spec.metrics[0].failureLimit',
    ]);
    expect(warnings.join('\n')).toContain('service-name has no value: it is the variable ${service_name} now');
  });

  test.each<[Changes, ...object[]]>([
    [{ successCondition: 'result[0] <= 0.05' }, { max: 0.05 }],
    [{ successCondition: 'result > 10' }, { min: 10 }],
    [{ successCondition: 'asFloat(result[0]) >= 0.9' }, { min: 0.9 }],
    [{ successCondition: 'result[0] >= 1 && result[0] <= 5' }, { max: 5 }, { min: 1 }],
    [{ successCondition: '(result[0] >= 1) && (result[0] < 5)' }, { max: 5 }, { min: 1 }],
    [{ successCondition: undefined, failureCondition: 'result[0] > 0.05' }, { max: 0.05 }],
    [{ successCondition: undefined, failureCondition: 'result[0] < 1 || result[0] > 5' }, { max: 5 }, { min: 1 }],
  ])('has the limits of its condition: %j', (condition, ...limits) => {
    const { experiment } = convert([{ ...successRate, ...condition }]);
    expect(experiment).toMatchObject({
      spec: { objectives: limits.map((limit) => ({ metric: 'success-rate-success-rate', ...limit })) },
    });
  });

  test.each([
    'len(result) == 0 || result[0] >= 0.95',
    'isNaN(result[0]) || result[0] < 5',
    'result[0] >= 0.95 || result[1] >= 0.95',
    'result[0] != 3',
    'result[0] > 0',
    'result[0] < 1',
    undefined,
  ])('shows and does not judge what is no plain limit, and says so: %s', (successCondition) => {
    const other = { ...successRate, name: 'other', successCondition };
    const { experiment, warnings } = convert([successRate, other]);
    expect(experiment).toMatchObject({
      spec: { objectives: [{ metric: 'success-rate-success-rate' }], indicators: ['success-rate-other'] },
    });
    expect(warnings.join('\n')).toContain('spec.metrics[1]: shown, and not judged: ');
  });

  test('falls back to what fails, fills in arguments, and says of a limit that is not good itself', () => {
    const { experiment, warnings } = convert([
      {
        ...successRate,
        interval: '{{args.every}}',
        count: '{{args.unknown}}',
        successCondition: 'len(result) == 0 || result[0] < 5',
        failureCondition: 'result[0] >= 500',
      },
    ]);
    expect(experiment).toMatchObject({
      spec: { objectives: [{ metric: 'success-rate-success-rate', max: 500 }], interval: '2m' },
    });
    const said = warnings.join('\n');
    expect(said).toContain('spec.metrics[0]: 500 itself counts as good here');
    expect(said).toContain('spec.metrics[0].count: left out: {{args.unknown}} has no value here');
    expect(said).not.toContain('what does not succeed');
  });

  test('shows a dry run, and does not judge by it', () => {
    const dry = { ...successRate, name: 'dry' };
    const text = template([successRate, dry]).replace('"metrics":', '"dryRun":[{"metricName":"dry"}],"metrics":');
    const conversion = convertManifest(text, 'template.yaml', 'checkout');
    expect(conversion).toMatchObject({ kind: 'ok', text: expect.stringMatching(/indicators:\n +- success-rate-dry/) });
    expect(JSON.stringify(conversion)).toContain('spec.metrics[1]: shown, and not judged: it is a dry run');
  });

  test('says which of its ways to ask are left out', () => {
    const { prometheus } = successRate.provider;
    const provider = {
      prometheus: { ...prometheus, query: '{{args.undeclared}}', headers: [], rangeQuery: {}, authentication: {} },
    };
    const said = convert([{ ...successRate, provider }]).warnings.join('\n');
    for (const part of ['headers: left out', 'rangeQuery: left out', 'authentication: left out'])
      expect(said).toContain(`prometheus.${part}`);
    expect(said).toContain('prometheus.query: {{args.undeclared}} stands for nothing here');
  });

  test('leaves out what another provider measures, and says so', () => {
    const { warnings } = convert([successRate, { name: 'web', provider: { web: { url: 'http://x' } } }]);
    expect(warnings.join('\n')).toContain('spec.metrics[1].provider: left out: its provider is web');
  });

  test.each<[readonly Changes[], string | undefined, string]>([
    [[successRate], undefined, 'a target, which an AnalysisTemplate does not name: --target NAME'],
    [[{ name: 'web', provider: { web: {} } }], 'checkout', 'a metric of Prometheus with limits'],
    [[{ name: 'x' }], 'checkout', 'spec.metrics[0].provider: expected a mapping'],
  ])('is refused with the place: %j', (metrics, target, message) => {
    const conversion = convertManifest(template(metrics), 'template.yaml', target);
    expect(conversion).toMatchObject({ kind: 'invalid' });
    expect(JSON.stringify(conversion)).toContain(message);
  });

  test('is refused where it refers to other templates, whose checks would be lost', () => {
    const text = template([successRate]).replace('"metrics":', '"templates":[{"templateName":"latency"}],"metrics":');
    expect(convertManifest(text, 'template.yaml', 'checkout')).toMatchObject({
      kind: 'invalid',
      issues: [expect.stringContaining('spec.templates: expected none: write the metrics')],
    });
  });
});
