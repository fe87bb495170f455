import { z } from 'zod';
import type { Path } from '../../document/issue.ts';
import {
  convertAs,
  invalid,
  leftOut,
  metadataField,
  metricName,
  nativeExperiment,
  objectivesOf,
  prometheusMetric,
  queryProblems,
  takenOver,
} from './conversion.ts';
import type { Fates, PeerConversion, Range, Unfit } from './conversion.ts';
import { fillQuery, templateProblems } from './flagger-template.ts';
import type { MetricTemplate } from './flagger-template.ts';

// Fields and their defaults: https://docs.flagger.app/usage/how-it-works and /tutorials/knative-progressive-delivery.

const percent = z.number().int().min(1).max(100);
const rangeField = z.looseObject({ min: z.number().optional(), max: z.number().optional() });

const metricField = z.looseObject({
  name: z.string(),
  thresholdRange: rangeField.optional(),
  /** The older form of a range. */
  threshold: z.number().optional(),
  interval: z.string().optional(),
  query: z.string().optional(),
  templateRef: z.looseObject({ name: z.string(), namespace: z.string().optional() }).optional(),
  templateVariables: z.record(z.string(), z.string()).optional(),
});

const analysisField = z.looseObject({
  interval: z.string().default('60s'),
  iterations: z.number().optional(),
  maxWeight: percent.default(100),
  stepWeight: percent.optional(),
  stepWeights: z.array(percent).optional(),
  metrics: z.array(metricField).default([]),
  webhooks: z.array(z.looseObject({ name: z.string().optional(), type: z.string().default('rollout') })).default([]),
});

const canaryField = z.looseObject({
  metadata: metadataField,
  spec: z.looseObject({
    targetRef: z.looseObject({ apiVersion: z.string().default(''), kind: z.string(), name: z.string() }),
    progressDeadlineSeconds: z.number().optional(),
    metricsServer: z.string().optional(),
    analysis: analysisField,
  }),
});

type Canary = z.output<typeof canaryField>;
type CanaryMetric = z.output<typeof metricField>;
type CanaryAnalysis = z.output<typeof analysisField>;

/** MetricTemplates by `namespace/name`. */
export type MetricTemplates = ReadonlyMap<string, MetricTemplate>;

/** The key of an object that may name no namespace, as kubectl gives it one. */
export function templateKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/** The MetricTemplates that a Canary refers to, by their keys; none for anything else. */
export function findReferences(value: unknown): readonly string[] {
  const { data } = canaryField.safeParse(value);
  return (data?.spec.analysis.metrics ?? []).flatMap(({ templateRef }) =>
    templateRef === undefined ? [] : templateKey(templateRef.namespace ?? data?.metadata.namespace, templateRef.name),
  );
}

/** A Canary of Flagger for a Knative Service as an Experiment, with a Metric for each query of its own. */
export function convertCanary(value: unknown, templates: MetricTemplates): PeerConversion {
  return convertAs(canaryField, value, (canary) => convertRead(canary, templates));
}

function convertRead(canary: Canary, templates: MetricTemplates): PeerConversion {
  const { metadata, spec } = canary;
  const { apiVersion, kind, name } = spec.targetRef;
  if (kind !== 'Service' || !apiVersion.startsWith('serving.knative.dev/')) {
    const got = `${apiVersion} ${kind}`;
    return invalid(['spec', 'targetRef'], 'a Knative Service (serving.knative.dev/v1, Service)', got);
  }
  const { analysis } = spec;
  if ((analysis.iterations ?? 0) > 0) {
    const expected = 'none: with it Flagger moves no traffic until the end (Blue/Green); write an experiment by hand';
    return invalid(['spec', 'analysis', 'iterations'], expected, String(analysis.iterations));
  }
  const steps = readSteps(analysis);
  if (steps === undefined) {
    return invalid(['spec', 'analysis'], 'stepWeight, or stepWeights that rise', 'neither');
  }
  const metrics = analysis.metrics.map((metric, index) => {
    const place: MetricPlace = { path: ['spec', 'analysis', 'metrics', index], canary, templates };
    return convertMetric(metric, place);
  });
  const objectives = metrics.flatMap((metric) => metric.objectives ?? []);
  if (objectives.length === 0) return invalid(['spec', 'analysis', 'metrics'], 'a metric that can be judged', 'none');
  const isAsked = analysis.webhooks.some(({ type }) => type === 'confirm-promotion');
  const deadline = spec.progressDeadlineSeconds;
  const experiment = nativeExperiment(
    { name: metadata.name, namespace: metadata.namespace, labels: metadata.labels },
    {
      target: name,
      objectives,
      traffic: steps.traffic,
      interval: analysis.interval,
      iterations: steps.count,
      approval: isAsked ? { required: true } : undefined,
      limits: deadline === undefined ? undefined : { readiness: `${deadline}s` },
    },
  );
  return {
    kind: 'converted',
    objects: [experiment, ...metrics.flatMap(({ definition }) => definition ?? [])],
    unfit: [...metrics.flatMap(({ unfit }) => unfit), ...unfitOf(canary)],
  };
}

interface Steps {
  readonly count: number;
  readonly traffic: object;
}

/** The rising weights, one an interval: those of Flagger, whose last step may be beyond `maxWeight`. */
function readSteps({ stepWeight, stepWeights = [], maxWeight }: CanaryAnalysis): Steps | undefined {
  if (stepWeights.length > 0) return listSteps(stepWeights);
  if (stepWeight === undefined) return undefined;
  const count = Math.ceil(maxWeight / stepWeight);
  if (count * stepWeight === maxWeight) {
    return { count, traffic: { maximum: `${maxWeight}%`, increment: `${stepWeight}%` } };
  }
  return listSteps(Array.from({ length: count }, (_, index) => Math.min(100, (index + 1) * stepWeight)));
}

function listSteps(weights: readonly number[]): Steps | undefined {
  const rises = weights.every((weight, index) => weight > (weights[index - 1] ?? 0));
  return rises ? { count: weights.length, traffic: { steps: weights.map((weight) => `${weight}%`) } } : undefined;
}

interface MetricPlace {
  readonly path: Path;
  readonly canary: Canary;
  readonly templates: MetricTemplates;
}

interface ConvertedMetric {
  readonly objectives?: readonly object[];
  readonly definition?: object;
  readonly unfit: readonly Unfit[];
}

function convertMetric(metric: CanaryMetric, place: MetricPlace): ConvertedMetric {
  if (metric.templateRef !== undefined) return convertReference(metric, place);
  if (metric.query === undefined) return convertBuiltIn(metric, place.path);
  const { metadata, spec } = place.canary;
  const url = spec.metricsServer;
  return ownMetric(metric, place, {
    query: fillQuery(metric.query, { namespace: metadata.namespace ?? 'default', target: spec.targetRef.name }),
    path: [...place.path, 'query'],
    ...(url === undefined ? {} : { url }),
  });
}

/** Flagger's success rate counts every answer but 5xx, in percent; its duration is the 99th percentile, in milliseconds. */
function convertBuiltIn({ name, thresholdRange, threshold }: CanaryMetric, path: Path): ConvertedMetric {
  switch (name) {
    case 'request-success-rate': {
      const { min = threshold, max }: Range = thresholdRange ?? {};
      const most = max === undefined ? [] : [{ path, what: 'left out: the greatest success rate' }];
      if (min === undefined) return { unfit: [{ path, what: 'left out: without a least rate it judges nothing' }] };
      return { objectives: [{ metric: 'error-rate', max: percentText(100 - min) }], unfit: most };
    }
    case 'request-duration': {
      const { min, max = threshold }: Range = thresholdRange ?? {};
      const least = min === undefined ? [] : [{ path, what: 'left out: the least duration' }];
      if (max === undefined) return { unfit: [{ path, what: 'left out: it has no greatest duration' }, ...least] };
      return { objectives: [{ metric: 'latency-99th-percentile', max: `${max}ms` }], unfit: least };
    }
    default:
      return {
        unfit: [{ path, what: `left out: ${name} is no metric of Flagger's Knative provider; write a Metric` }],
      };
  }
}

/** Without the digits that only the arithmetic has made, and without an exponent. */
function percentText(value: number): string {
  return `${Number(value.toFixed(6))}%`;
}

/** With its template in the same text the Metric is this Canary's own, filled in with its names; else it is referred to. */
function convertReference(metric: CanaryMetric, place: MetricPlace): ConvertedMetric {
  const { canary, templates } = place;
  const { name = '', namespace = canary.metadata.namespace } = metric.templateRef ?? {};
  const path = [...place.path, 'templateRef'];
  const template = templates.get(templateKey(namespace, name));
  if (template === undefined) {
    const what = 'left out: its MetricTemplate is not in this text; convert both together, or write a Metric';
    return { unfit: [{ path, what }] };
  }
  if (template.spec.provider.type !== 'prometheus') {
    const what = `left out: its provider is ${template.spec.provider.type}; write a Metric with \`http\``;
    return { unfit: [{ path, what }] };
  }
  const names = { namespace: canary.metadata.namespace ?? 'default', target: canary.spec.targetRef.name };
  const query = fillQuery(template.spec.query, { ...names, variables: metric.templateVariables });
  const url = template.spec.provider.address ?? canary.spec.metricsServer;
  const converted = ownMetric(metric, place, { query, path, ...(url === undefined ? {} : { url }) });
  return { ...converted, unfit: [...converted.unfit, ...templateProblems(template, path)] };
}

interface OwnQuery {
  readonly query: string;
  readonly url?: string;
  /** Where it stands. */
  readonly path: Path;
}

/** A metric without a range has to be 0, as in Flagger. */
function ownMetric(metric: CanaryMetric, { canary }: MetricPlace, { query, url, path }: OwnQuery): ConvertedMetric {
  const { name: owner, namespace } = canary.metadata;
  const name = metricName(owner, metric.name);
  const { thresholdRange, threshold = 0 } = metric;
  const range: Range = thresholdRange ?? { max: threshold };
  const problems = queryProblems(query, path);
  if (range.min === undefined && range.max === undefined) {
    return { unfit: [{ path, what: 'left out: its range has no limit, and judges nothing' }] };
  }
  return {
    objectives: objectivesOf(name, range),
    definition: prometheusMetric({ name, namespace }, { query, url }),
    unfit: problems,
  };
}

const specFates: Fates = {
  provider: takenOver,
  targetRef: takenOver,
  progressDeadlineSeconds: takenOver,
  analysis: takenOver,
  metricsServer:
    'taken over for Metrics; request metrics come from the Prometheus of the worker (SERIN_PROMETHEUS_URL)',
  skipAnalysis: 'left out: serin promotes nothing that was not judged',
  suspend: 'left out: an experiment runs when it is started; `serin pause` holds one',
  revertOnDeletion: 'left out: deleting an Experiment brings the traffic back to the baseline',
  autoscalerRef: 'left out: Knative scales its revisions',
  ingressRef: 'left out: Knative routes',
  service: 'left out: Knative routes',
};

const analysisFates: Fates = {
  interval: takenOver,
  maxWeight: takenOver,
  stepWeight: takenOver,
  stepWeights: takenOver,
  iterations: takenOver,
  metrics: takenOver,
  webhooks: takenOver,
  threshold:
    'left out: checks that fail are not counted; a verdict has error bounds, and a failure rolls back as soon as it is shown (docs/verdicts.md)',
  stepWeightPromotion: 'left out: a promotion is one write, of 100 %',
  match: 'left out: Knative does not route by headers',
  mirror: 'left out: Knative does not mirror requests',
  mirrorWeight: 'left out: Knative does not mirror requests',
  sessionAffinity: 'left out: Knative has none',
  alerts: 'left out: notices go to the receivers in the Secret serin-notices of the namespace (docs/notices.md)',
};

const metricFates: Fates = {
  name: takenOver,
  thresholdRange: takenOver,
  threshold: takenOver,
  query: takenOver,
  templateRef: takenOver,
  templateVariables: takenOver,
  interval: 'left out: an interval is judged by its own requests, and no request counts twice',
};

const webhookWords: Readonly<Record<string, string>> = {
  'confirm-promotion': 'not asked: approval.required has people approve, in the page or by `serin approve`',
  'confirm-rollout': 'left out: an experiment begins when somebody starts it',
  'confirm-traffic-increase': 'left out: `serin pause` and `resume` hold the weight',
  'pre-rollout': 'left out: a start action, such as notification/http or a Job that is waited for, does it',
  rollout: 'left out: `metrics/collect` as a start or loop action sends requests, and a loop action calls by HTTP',
  'post-rollout': 'left out: `notifications` has notification/http after every ending',
  rollback: 'left out: `serin abort` brings the traffic back',
  event: 'left out: `notifications` has notification/http after every ending',
};

function unfitOf({ spec }: Canary): readonly Unfit[] {
  const { analysis } = spec;
  const inMetrics = analysis.metrics.flatMap((metric, index) => {
    const { interval, ...others } = metric;
    const own = interval === analysis.interval ? others : metric;
    return leftOut(own, ['spec', 'analysis', 'metrics', index], metricFates);
  });
  const hooks = analysis.webhooks.map(({ type }, index): Unfit => {
    const what = webhookWords[type] ?? `left out: serin has no webhook of type ${type}`;
    return { path: ['spec', 'analysis', 'webhooks', index], what };
  });
  return [
    ...leftOut(spec, ['spec'], specFates),
    ...leftOut(analysis, ['spec', 'analysis'], analysisFates),
    ...inMetrics,
    ...hooks,
  ];
}
