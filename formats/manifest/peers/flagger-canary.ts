import { z } from 'zod';
import { builtInMetric } from '../../../core/experiment/metric.ts';
import { escapeDollars, invalid, metadataField, namesNoVersion, namesNoVersionText } from './conversion.ts';
import { nativeExperiment, objectivesOf, prometheusMetric, convertAs } from './conversion.ts';
import type { PeerConversion, Range, Unfit } from './conversion.ts';
import { fillTemplate } from './flagger-template.ts';

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
  threshold: z.number().optional(),
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
    analysis: analysisField,
  }),
});

type Canary = z.output<typeof canaryField>;
type CanaryMetric = z.output<typeof metricField>;
type CanaryAnalysis = z.output<typeof analysisField>;

/** What a MetricTemplate of Flagger is filled in with: the Canary that refers to it. */
export interface CanaryNames {
  readonly namespace: string;
  readonly target: string;
}

/** The names in a Canary, and the templates that it refers to, as `namespace/name`; undefined for what is none. */
export function findReferences(value: unknown): (CanaryNames & { readonly templates: readonly string[] }) | undefined {
  const { data } = canaryField.safeParse(value);
  if (data === undefined) return undefined;
  const { metadata, spec } = data;
  const namespace = metadata.namespace ?? 'default';
  const templates = spec.analysis.metrics.flatMap(({ templateRef }) =>
    templateRef === undefined ? [] : [`${templateRef.namespace ?? namespace}/${templateRef.name}`],
  );
  return { namespace, target: spec.targetRef.name, templates };
}

/** A Canary of Flagger for a Knative Service as an Experiment, with a Metric for each query that stands in it. */
export function convertCanary(value: unknown): PeerConversion {
  return convertAs(canaryField, value, convertRead);
}

function convertRead(read: Canary): PeerConversion {
  const { apiVersion, kind, name } = read.spec.targetRef;
  if (kind !== 'Service' || !apiVersion.startsWith('serving.knative.dev/')) {
    return invalid(
      ['spec', 'targetRef'],
      'a Knative Service (serving.knative.dev/v1, Service)',
      `${apiVersion} ${kind}`,
    );
  }
  const { analysis } = read.spec;
  const steps = readSteps(analysis);
  if (steps === undefined) {
    return invalid(['spec', 'analysis'], 'stepWeight, or stepWeights that rise', 'neither: serin has no such analysis');
  }
  const metrics = analysis.metrics.map((metric, index) => convertMetric(metric, index, read));
  const objectives = metrics.flatMap((metric) => metric.objectives ?? []);
  if (objectives.length === 0) return invalid(['spec', 'analysis', 'metrics'], 'a metric that can be judged', 'none');
  const isAsked = analysis.webhooks.some(({ type }) => type === 'confirm-promotion');
  const deadline = read.spec.progressDeadlineSeconds;
  const { name: ownName, namespace, labels } = read.metadata;
  const experiment = nativeExperiment(
    { name: ownName, namespace, labels },
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
    unfit: [...metrics.flatMap(({ unfit }) => unfit), ...unfitOf(read)],
  };
}

interface Steps {
  readonly count: number;
  readonly traffic: object;
}

/** The rising weights, one an interval. */
function readSteps({ stepWeight, stepWeights, maxWeight }: CanaryAnalysis): Steps | undefined {
  if (stepWeights !== undefined && stepWeights.length > 0) {
    const rises = stepWeights.every((weight, index) => weight > (stepWeights[index - 1] ?? 0));
    return rises
      ? { count: stepWeights.length, traffic: { steps: stepWeights.map((weight) => `${weight}%`) } }
      : undefined;
  }
  if (stepWeight === undefined) return undefined;
  const traffic = { maximum: `${maxWeight}%`, increment: `${Math.min(stepWeight, maxWeight)}%` };
  return { count: Math.ceil(maxWeight / stepWeight), traffic };
}

interface ConvertedMetric {
  readonly objectives?: readonly object[];
  readonly definition?: object;
  readonly unfit: readonly Unfit[];
}

function convertMetric(metric: CanaryMetric, index: number, canary: Canary): ConvertedMetric {
  const path = ['spec', 'analysis', 'metrics', index];
  const range = readRange(metric);
  if (range.min === undefined && range.max === undefined) {
    return { unfit: [{ path, what: 'left out: it has no range, and judges nothing' }] };
  }
  if (metric.templateRef !== undefined) return convertReference(metric, range, path);
  if (metric.query !== undefined)
    return convertQuery({ name: metric.name, query: metric.query }, { range, path, canary });
  return convertBuiltIn(metric.name, range, path);
}

/** The older `threshold` is the least success rate, and the most of anything else. */
function readRange({ name, threshold, thresholdRange }: CanaryMetric): Range {
  if (thresholdRange !== undefined) return { min: thresholdRange.min, max: thresholdRange.max };
  return name === 'request-success-rate' ? { min: threshold } : { max: threshold };
}

/** Flagger's success rate counts every answer but 5xx, in percent; its duration is the 99th percentile, in milliseconds. */
function convertBuiltIn(name: string, { min, max }: Range, path: Unfit['path']): ConvertedMetric {
  switch (name) {
    case 'request-success-rate':
      return {
        objectives: min === undefined ? [] : [{ metric: 'error-rate', max: `${Number((100 - min).toPrecision(12))}%` }],
        unfit: max === undefined ? [] : [{ path, what: 'left out: the greatest success rate' }],
      };
    case 'request-duration':
      return {
        objectives: max === undefined ? [] : [{ metric: 'latency-99th-percentile', max: `${max}ms` }],
        unfit: min === undefined ? [] : [{ path, what: 'left out: the least duration' }],
      };
    default:
      return {
        unfit: [{ path, what: `left out: ${name} is no metric of Flagger's Knative provider; write a Metric` }],
      };
  }
}

function convertReference(metric: CanaryMetric, range: Range, path: Unfit['path']): ConvertedMetric {
  const { templateRef, templateVariables } = metric;
  const reference = templateRef?.namespace === undefined ? '' : `${templateRef.namespace}/`;
  const filled = 'left out: a Metric has no variables of one Experiment; write them into the query';
  return {
    objectives: objectivesOf(`${reference}${templateRef?.name}`, range),
    unfit: templateVariables === undefined ? [] : [{ path: [...path, 'templateVariables'], what: filled }],
  };
}

interface QueryPlace {
  readonly range: Range;
  readonly path: Unfit['path'];
  readonly canary: Canary;
}

function convertQuery(
  { name, query }: { readonly name: string; readonly query: string },
  { range, path, canary: { metadata, spec } }: QueryPlace,
): ConvertedMetric {
  const metric = builtInMetric(name) === undefined ? name : `${metadata.name}-${name}`;
  const { namespace } = metadata;
  const filled = fillTemplate(escapeDollars(query), { namespace: namespace ?? 'default', target: spec.targetRef.name });
  const at = [...path, 'query'];
  return {
    objectives: objectivesOf(metric, range),
    definition: prometheusMetric({ name: metric, namespace }, { query: filled.query }),
    unfit: [
      ...filled.unknown.map((variable) => ({
        path: at,
        what: `{{ ${variable} }} stands for nothing here: write its value`,
      })),
      ...(namesNoVersion(filled.query) ? [{ path: at, what: namesNoVersionText }] : []),
    ],
  };
}

/** Fields without a counterpart, by their path below `spec`. */
const withoutCounterpart: Readonly<Record<string, string>> = {
  skipAnalysis: 'left out: serin promotes nothing that was not judged',
  suspend: 'left out: an experiment runs when it is started; `serin pause` holds one',
  revertOnDeletion: 'left out: deleting an Experiment brings the traffic back to the baseline',
  autoscalerRef: 'left out: Knative scales its revisions',
  ingressRef: 'left out: Knative routes',
  service: 'left out: Knative routes',
  'analysis.threshold':
    'left out: checks that fail are not counted; a verdict has error bounds, and a failure rolls back as soon as it is shown (docs/verdicts.md)',
  'analysis.stepWeightPromotion': 'left out: a promotion is one write, of 100 %',
  'analysis.iterations': 'left out: the steps say how often is judged',
  'analysis.match': 'left out: Knative does not route by headers',
  'analysis.mirror': 'left out: Knative does not mirror requests',
  'analysis.mirrorWeight': 'left out: Knative does not mirror requests',
  'analysis.sessionAffinity': 'left out: Knative has none',
  'analysis.alerts': 'left out: notices are tasks of `notifications`, such as notification/slack',
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
  const fields = Object.entries(withoutCounterpart).flatMap(([field, what]): Unfit[] => {
    const path = ['spec', ...field.split('.')];
    return has(spec, field.split('.')) ? [{ path, what }] : [];
  });
  const windows = spec.analysis.metrics.flatMap(({ interval }, index): Unfit[] => {
    const isSame = interval === undefined || interval === spec.analysis.interval;
    const path = ['spec', 'analysis', 'metrics', index, 'interval'];
    return isSame
      ? []
      : [{ path, what: 'left out: an interval is judged by its own requests, and no request counts twice' }];
  });
  const hooks = spec.analysis.webhooks.map(({ type }, index): Unfit => {
    const what = webhookWords[type] ?? `left out: serin has no webhook of type ${type}`;
    return { path: ['spec', 'analysis', 'webhooks', index], what };
  });
  return [...fields, ...windows, ...hooks];
}

/** Whether a field is there, and not false. */
function has(value: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return value !== undefined && value !== null && value !== false;
  return typeof value === 'object' && value !== null && has((value as Record<string, unknown>)[key], rest);
}
