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
  metadata: { name: 'orders', namespace: 'metrics' },
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
      canary({ service: { port: 80 }, analysis: { mirror: true, stepWeightPromotion: 0 } }),
    );
    expect(warnings.map((line) => line.replace(/^canary\.yaml:1:\d+ /, '').split(':')[0])).toEqual([
      'spec.service',
      'spec.analysis.threshold',
      'spec.analysis.stepWeightPromotion',
      'spec.analysis.mirror',
      'spec.analysis.metrics[0].interval',
      'spec.analysis.metrics[1].interval',
    ]);
    for (const warning of warnings) expect(text).toContain(`# ${warning.replace(/^canary\.yaml:1:\d+ /, '')}\n`);
  });

  test.each<[string, Changes, object, number]>([
    ['steps of its own', { stepWeights: [1, 5, 20], stepWeight: undefined }, { steps: ['1%', '5%', '20%'] }, 3],
    ['a last step that is smaller', { stepWeight: 20 }, { maximum: '50%', increment: '20%' }, 3],
    ['no greatest weight', { maxWeight: undefined, stepWeight: 50 }, { maximum: '100%', increment: '50%' }, 2],
  ])('climbs as before: %s', (_, analysis, traffic, iterations) => {
    expect(convert(canary({ analysis })).experiment).toMatchObject({ spec: { traffic, iterations } });
  });

  test.each<[string, Changes, object]>([
    ['request-success-rate', { threshold: 99.5 }, { metric: 'error-rate', max: '0.5%' }],
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

  test('takes a MetricTemplate along, with the names of the Canary that refers to it', () => {
    const metrics = [
      { name: 'orders', templateRef: { name: 'orders', namespace: 'metrics' }, thresholdRange: { min: 3 } },
    ];
    const converted = convert(canary({ analysis: { metrics } }), ordersTemplate);
    expect(converted.experiment).toMatchObject({ spec: { objectives: [{ metric: 'metrics/orders', min: 3 }] } });
    expect(converted.metrics).toMatchObject([
      {
        metadata: { name: 'orders', namespace: 'metrics' },
        spec: {
          prometheus: {
            url: 'http://prometheus.monitoring:9090',
            query:
              'sum(rate(orders{ns="test",app="podinfo",rev="${revision}",path!~".*x$$"}[${interval}])) / {{ variables.share }}',
          },
        },
      },
    ]);
    expect(converted.warnings.join()).toContain('{{ variables.share }} stands for nothing here');
  });

  test('makes a Metric of a query that stands in it, and warns where both versions would get one value', () => {
    const metrics = [{ name: 'error-rate', query: 'sum(errors{app="{{ target }}"})', thresholdRange: { max: 5 } }];
    const converted = convert(canary({ analysis: { metrics } }));
    expect(converted.experiment).toMatchObject({ spec: { objectives: [{ metric: 'podinfo-error-rate', max: 5 }] } });
    expect(converted.metrics).toMatchObject([{ metadata: { name: 'podinfo-error-rate', namespace: 'test' } }]);
    expect(converted.warnings.join()).toContain('its query names no revision');
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
    ['a template that nobody uses', ordersTemplate, 'the one Canary that refers to it in the same file'],
  ])('is refused with the place: %s', (_, text, message) => {
    expect(issuesOf(convertManifest(text, 'canary.yaml')).join('\n')).toContain(message);
  });
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
