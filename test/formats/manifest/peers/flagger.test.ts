import { describe, expect, test } from 'vitest';
import { convertManifest } from '../../../../formats/manifest/convert.ts';
import type { Conversion } from '../../../../formats/manifest/convert.ts';
import { readObjects } from '../../../../formats/document/objects.ts';
import { parseExperiments } from '../../../../formats/manifest/parse.ts';

type Changes = Readonly<Record<string, unknown>>;

/** The Canary of Flagger's tutorial for Knative. */
function canary({ analysis = {}, ...spec }: { analysis?: Changes } & Changes = {}): string {
  return JSON.stringify({
    apiVersion: 'flagger.app/v1beta1',
    kind: 'Canary',
    metadata: { name: 'podinfo', namespace: 'test', labels: { team: 'a' } },
    spec: {
      provider: 'knative',
      targetRef: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'podinfo' },
      progressDeadlineSeconds: 60,
      ...spec,
      analysis: {
        interval: '15s',
        threshold: 15,
        maxWeight: 50,
        stepWeight: 10,
        metrics: [
          { name: 'request-success-rate', thresholdRange: { min: 99 }, interval: '1m' },
          { name: 'request-duration', thresholdRange: { max: 500 }, interval: '1m' },
        ],
        ...analysis,
      },
    },
  });
}

const ordersTemplate = JSON.stringify({
  apiVersion: 'flagger.app/v1beta1',
  kind: 'MetricTemplate',
  metadata: { name: 'error-rate', namespace: 'metrics' },
  spec: {
    provider: { type: 'prometheus', address: 'http://prometheus.monitoring:9090' },
    query:
      'sum(rate(orders{ns="{{ namespace }}",app="{{target}}",rev="{{ route }}",path!~".*x$"}[{{ interval }}])) / {{ variables.share }}',
  },
});

/** The objects of a conversion, by kind. */
function convert(...documents: readonly string[]) {
  const conversion = convertManifest(documents.join('\n---\n'), 'canary.yaml');
  if (conversion.kind === 'invalid') throw new Error(conversion.issues.join('\n'));
  const reading = readObjects(conversion.text, 'x');
  const objects = reading.kind === 'read' ? reading.documents.map(({ value }) => value as Changes) : [];
  const find = (kind: string) => objects.filter((object) => object['kind'] === kind);
  return { ...conversion, experiment: find('Experiment')[0], metrics: find('Metric') };
}

function issuesOf(conversion: Conversion): readonly string[] {
  return conversion.kind === 'invalid' ? conversion.issues : [];
}

describe('a Canary of Flagger for Knative', () => {
  test('becomes an experiment with its limits, steps and interval, which runs', () => {
    const { experiment, text } = convert(canary());
    expect(experiment).toEqual({
      apiVersion: 'serin.dev/v1alpha1',
      kind: 'Experiment',
      metadata: { name: 'podinfo', namespace: 'test', labels: { team: 'a' } },
      spec: {
        target: 'podinfo',
        objectives: [
          { metric: 'error-rate', max: '1%' },
          { metric: 'latency-99th-percentile', max: '500ms' },
        ],
        traffic: { maximum: '50%', increment: '10%' },
        interval: '15s',
        iterations: 5,
        limits: { readiness: '60s' },
      },
    });
    expect(parseExperiments(text, 'x')).toMatchObject([{ kind: 'ok' }]);
  });

  test('says with its place what does not fit, to the person and in the file', () => {
    const { warnings, text } = convert(
      canary({ service: { port: 80 }, unheardOf: 1, analysis: { mirror: true, stepWeightPromotion: 0 } }),
    );
    expect(warnings.map((line) => line.replace(/^canary\.yaml:1:\d+ /, '').split(':')[0])).toEqual([
      'spec.service',
      'spec.unheardOf',
      'spec.analysis.threshold',
      'spec.analysis.mirror',
      'spec.analysis.stepWeightPromotion',
      'spec.analysis.metrics[0].interval',
      'spec.analysis.metrics[1].interval',
    ]);
    for (const warning of warnings) expect(text).toContain(`# ${warning.replace(/^canary\.yaml:1:\d+ /, '')}\n`);
  });

  test.each<[string, Changes, object, number]>([
    ['steps of its own', { stepWeights: [1, 5, 20], stepWeight: undefined }, { steps: ['1%', '5%', '20%'] }, 3],
    ['a last step beyond the greatest weight', { stepWeight: 20 }, { steps: ['20%', '40%', '60%'] }, 3],
    ['a last step beyond 100 %', { stepWeight: 30, maxWeight: 100 }, { steps: ['30%', '60%', '90%', '100%'] }, 4],
    ['no greatest weight', { maxWeight: undefined, stepWeight: 50 }, { maximum: '100%', increment: '50%' }, 2],
  ])('climbs as before: %s', (_, analysis, traffic, iterations) => {
    expect(convert(canary({ analysis })).experiment).toMatchObject({ spec: { traffic, iterations } });
  });

  test.each<[string, Changes, object]>([
    ['request-success-rate', { threshold: 99.5 }, { metric: 'error-rate', max: '0.5%' }],
    ['request-success-rate', { thresholdRange: { min: 99.9999 } }, { metric: 'error-rate', max: '0.0001%' }],
    ['request-duration', { threshold: 250 }, { metric: 'latency-99th-percentile', max: '250ms' }],
    ['request-duration', { thresholdRange: { min: 1, max: 9 } }, { metric: 'latency-99th-percentile', max: '9ms' }],
  ])('has ranges of both forms: %s %j', (name, range, objective) => {
    const { experiment } = convert(canary({ analysis: { metrics: [{ name, ...range }] } }));
    expect(experiment).toMatchObject({ spec: { objectives: [objective] } });
  });

  test('has people asked where a webhook was', () => {
    const { experiment, warnings } = convert(
      canary({
        analysis: { webhooks: [{ name: 'gate', type: 'confirm-promotion' }, { name: 'load' }, { type: 'new' }] },
      }),
    );
    expect(experiment).toMatchObject({ spec: { approval: { required: true } } });
    expect(warnings.slice(-3).join('\n')).toMatch(
      /webhooks\[0\]: not asked: .*\n.*webhooks\[1\]: left out: .*\n.*no webhook of type new/,
    );
  });

  test('makes a Metric of its own of a MetricTemplate, with its names and variables, also where others use the template', () => {
    const metrics = [
      {
        name: '404s percentage',
        templateRef: { name: 'error-rate', namespace: 'metrics' },
        templateVariables: { share: '2' },
        thresholdRange: { min: 3 },
      },
    ];
    const other = canary({ analysis: { metrics } }).replaceAll('podinfo', 'other');
    const converted = convert(canary({ analysis: { metrics } }), ordersTemplate, other);
    expect(converted.experiment).toMatchObject({
      spec: { objectives: [{ metric: 'podinfo-404s-percentage', min: 3 }] },
    });
    expect(converted.metrics).toMatchObject([
      {
        metadata: { name: 'podinfo-404s-percentage', namespace: 'test' },
        spec: {
          prometheus: {
            url: 'http://prometheus.monitoring:9090',
            query: 'sum(rate(orders{ns="test",app="podinfo",rev="${revision}",path!~".*x$$"}[${interval}])) / 2',
          },
        },
      },
      {
        metadata: { name: 'other-404s-percentage' },
        spec: { prometheus: { query: expect.stringContaining('app="other"') } },
      },
    ]);
  });

  test('makes a Metric of a query that stands in it, at the server that the Canary names, and says what is open in it', () => {
    const metrics = [
      { name: 'errors', query: 'sum(errors{app="{{ target }}",x="{{ index }}"})', thresholdRange: { max: 5 } },
      { name: 'none', query: 'sum(none{r="{{- route -}}"})' },
    ];
    const converted = convert(canary({ metricsServer: 'http://other:9090', analysis: { metrics } }));
    // Without a range Flagger lets nothing but 0 pass.
    expect(converted.experiment).toMatchObject({
      spec: {
        objectives: [
          { metric: 'podinfo-errors', max: 5 },
          { metric: 'podinfo-none', max: 0 },
        ],
      },
    });
    expect(converted.metrics).toMatchObject([
      { spec: { prometheus: { query: 'sum(errors{app="podinfo",x="{{ index }}"})', url: 'http://other:9090' } } },
      { spec: { prometheus: { query: 'sum(none{r="${revision}"})' } } },
    ]);
    const said = converted.warnings.join('\n');
    expect(said).toContain('metrics[0].query: {{ index }} stands for nothing here');
    expect(said).toContain('metrics[0].query: names no revision');
    expect(said).not.toContain('metrics[1].query');
  });

  test('writes no line of the file that the words of an object make up', () => {
    const odd = { name: 'x\nkind: Odd\u202E', threshold: 1 };
    const good = { name: 'request-duration', threshold: 1 };
    const { text } = convert(canary({ analysis: { metrics: [odd, good] } }));
    expect(text.split('\n').filter((line) => line.includes('Odd'))).toEqual([
      expect.stringMatching(/^# spec\.analysis\.metrics\[0\]: left out: x kind: Odd  ?is no metric/),
    ]);
  });

  test('loses no check without a word', () => {
    const metrics = [
      { name: 'request-success-rate', thresholdRange: { min: 99 } },
      { name: 'request-duration' },
      { name: 'far', templateRef: { name: 'far' }, threshold: 1 },
      { name: 'unknown', threshold: 1 },
    ];
    const { warnings } = convert(canary({ analysis: { threshold: undefined, metrics } }));
    expect(warnings).toEqual([
      expect.stringContaining('metrics[1]: left out: it has no greatest duration'),
      expect.stringContaining('metrics[2].templateRef: left out: its MetricTemplate is not in this text'),
      expect.stringContaining('metrics[3]: left out: unknown is no metric'),
    ]);
  });

  test.each<[string, string, string]>([
    [
      'a Deployment',
      canary({ targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'podinfo' } }),
      'spec.targetRef: expected a Knative Service (serving.knative.dev/v1, Service), got apps/v1 Deployment',
    ],
    ['no steps', canary({ analysis: { stepWeight: undefined } }), 'expected stepWeight, or stepWeights that rise'],
    [
      'steps that fall',
      canary({ analysis: { stepWeights: [20, 10] } }),
      'expected stepWeight, or stepWeights that rise',
    ],
    [
      'nothing that is judged',
      canary({ analysis: { metrics: [{ name: 'unknown', threshold: 1 }] } }),
      'a metric that can be judged',
    ],
    ['a field of another type', canary({ analysis: { stepWeight: 'ten' } }), 'spec.analysis.stepWeight'],
    [
      'Blue/Green',
      canary({ analysis: { iterations: 10 } }),
      'spec.analysis.iterations: expected none: with it Flagger moves no traffic',
    ],
  ])('is refused with the place: %s', (_, text, message) => {
    expect(issuesOf(convertManifest(text, 'canary.yaml')).join('\n')).toContain(message);
  });
});

test('what cannot be converted among all of a cluster is left out, and said', () => {
  const deployment = canary({ targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'podinfo' } });
  const { experiment, warnings } = convert(deployment, ordersTemplate, canary());
  expect(experiment).toMatchObject({ metadata: { name: 'podinfo' } });
  expect(warnings[0]).toContain('left out: canary.yaml:1:');
  expect(warnings[0]).toContain('got apps/v1 Deployment');
  expect(warnings.join('\n')).toContain('spec: left out: no Canary of this text refers to it');
});

test('what belongs to nobody stays as it is beside the objects of a peer, and lists become documents', () => {
  const other = 'kind: ConfigMap # mine\n';
  expect(convertManifest(`${canary()}\n---\n${other}`, 'x')).toMatchObject({
    kind: 'ok',
    text: expect.stringMatching(/kind: Experiment[^]*---\nkind: ConfigMap # mine\n$/),
  });
  const list = `{"apiVersion": "v1", "kind": "List", "items": [${canary()}, {"kind": "ConfigMap"}]}`;
  const conversion = convertManifest(list, 'x');
  expect(conversion).toMatchObject({
    kind: 'ok',
    text: expect.stringMatching(/kind: Experiment[^]*---\nkind: ConfigMap\n$/),
  });
});
