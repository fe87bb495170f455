import { z } from 'zod';
import { parseDuration } from '../../../core/text/duration.ts';
import type { Path } from '../../document/issue.ts';
import { readFailure, readSuccess } from './argo-condition.ts';
import type { Demand } from './argo-condition.ts';
import {
  convertAs,
  escapeDollars,
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
import type { Fates, PeerConversion, Unfit } from './conversion.ts';

// https://argo-rollouts.readthedocs.io/en/stable/features/analysis

const numberOrText = z.union([z.number(), z.string()]);

const metricField = z.looseObject({
  name: z.string(),
  interval: z.string().optional(),
  initialDelay: z.string().optional(),
  count: numberOrText.optional(),
  successCondition: z.string().optional(),
  failureCondition: z.string().optional(),
  provider: z.looseObject({
    prometheus: z.looseObject({ address: z.string().optional(), query: z.string() }).optional(),
  }),
});

const templateField = z.looseObject({
  metadata: metadataField,
  spec: z.looseObject({
    args: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
    dryRun: z.array(z.looseObject({ metricName: z.string() })).default([]),
    templates: z.array(z.unknown()).default([]),
    metrics: z.array(metricField).default([]),
  }),
});

type Template = z.output<typeof templateField>;
type TemplateMetric = z.output<typeof metricField>;

/**
 * An AnalysisTemplate of Argo Rollouts as an Experiment with the same objectives, and a Metric for each of its queries.
 * @param target the Knative Service, which no AnalysisTemplate names
 */
export function convertAnalysisTemplate(value: unknown, target: string | undefined): PeerConversion {
  return convertAs(templateField, value, (template) => convertRead(template, target));
}

function convertRead(template: Template, target: string | undefined): PeerConversion {
  const { metadata, spec } = template;
  if (target === undefined) {
    return invalid(['spec'], 'a target, which an AnalysisTemplate does not name: --target NAME', 'none');
  }
  if (spec.templates.length > 0) {
    const expected = 'none: write the metrics of the templates that it refers to into this one';
    return invalid(['spec', 'templates'], expected, `a list of ${spec.templates.length}`);
  }
  const metrics = spec.metrics.map((metric, index) => convertMetric(metric, ['spec', 'metrics', index], template));
  const objectives = metrics.flatMap((metric) => metric.objectives ?? []);
  if (objectives.length === 0) return invalid(['spec', 'metrics'], 'a metric of Prometheus with limits', 'none');
  const indicators = metrics.flatMap(({ indicator }) => indicator ?? []);
  const experiment = nativeExperiment(
    { name: metadata.name, namespace: metadata.namespace, labels: metadata.labels },
    { target, objectives, indicators: indicators.length === 0 ? undefined : indicators, ...grid(template) },
  );
  return {
    kind: 'converted',
    objects: [experiment, ...metrics.flatMap(({ definition }) => definition ?? [])],
    unfit: [...metrics.flatMap(({ unfit }) => unfit), ...unfitArguments(template), ...unfitFields(template)],
  };
}

/** All metrics are measured together: in the shortest interval, as often as the most frequent one. */
function grid({ spec }: Template): object {
  const filled = (texts: readonly (string | number | undefined)[]) =>
    texts.map((text) => withValues(String(text ?? ''), spec));
  const counts = filled(spec.metrics.map(({ count }) => count)).filter((text) => /^[1-9]\d*$/.test(text));
  const warmUp = sortDurations(filled(spec.metrics.map(({ initialDelay }) => initialDelay))).at(-1);
  return {
    interval: sortDurations(filled(spec.metrics.map(({ interval }) => interval)))[0],
    iterations: counts.length === 0 ? undefined : Math.max(...counts.map(Number)),
    analysis: warmUp === undefined ? undefined : { warmUp },
  };
}

function sortDurations(texts: readonly string[]): readonly string[] {
  const known = texts.flatMap((text) => {
    const ms = parseDuration(text);
    return ms === undefined ? [] : [{ text, ms }];
  });
  return known.toSorted((a, b) => a.ms - b.ms).map(({ text }) => text);
}

interface ConvertedMetric {
  readonly objectives?: readonly object[];
  readonly indicator?: string;
  readonly definition?: object;
  readonly unfit: readonly Unfit[];
}

function convertMetric(metric: TemplateMetric, path: Path, template: Template): ConvertedMetric {
  const { prometheus } = metric.provider;
  const { metadata, spec } = template;
  if (prometheus === undefined) {
    const [provider = 'none'] = Object.keys(metric.provider);
    const what = `left out: its provider is ${provider}; write a Metric with \`http\`, or an action`;
    return { unfit: [{ path: [...path, 'provider'], what }] };
  }
  const name = metricName(metadata.name, metric.name);
  const query = fillArguments(prometheus.query, template);
  const url = prometheus.address === undefined ? undefined : fillArguments(prometheus.address, template);
  const definition = prometheusMetric({ name, namespace: metadata.namespace }, { query, url });
  const at = [...path, 'provider', 'prometheus'];
  const unfit = [...queryProblems(query, [...at, 'query']), ...leftOut(prometheus, at, prometheusFates)];
  const demand = readDemand(metric, template);
  const refusal = whyNoObjective(metric, demand, spec);
  if (demand === undefined || refusal !== undefined) {
    return { indicator: name, definition, unfit: [...unfit, { path, what: `shown, and not judged: ${refusal}` }] };
  }
  const excluded = demand.excluded.map((limit): Unfit => {
    return { path, what: `${limit} itself counts as good here, and does not in its condition` };
  });
  return { objectives: objectivesOf(name, demand.range), definition, unfit: [...unfit, ...excluded] };
}

/** What succeeds; where that says more than limits, what is left over by what fails. */
function readDemand({ successCondition, failureCondition }: TemplateMetric, { spec }: Template): Demand | undefined {
  const success = successCondition === undefined ? undefined : readSuccess(withValues(successCondition, spec));
  if (success !== undefined || failureCondition === undefined) return success;
  return readFailure(withValues(failureCondition, spec));
}

function whyNoObjective(
  { name }: TemplateMetric,
  demand: Demand | undefined,
  { dryRun }: Template['spec'],
): string | undefined {
  if (dryRun.some((dry) => dry.metricName === name)) return 'it is a dry run';
  if (demand === undefined) return 'expected limits of one result, such as result[0] >= 0.95; write max or min by hand';
  // `result[0] > 0` of a count means another thing than a limit that may be reached.
  const small = demand.excluded.find((limit) => Number.isInteger(limit) && Math.abs(limit) <= 1);
  return small === undefined
    ? undefined
    : `${small} itself is bad in its condition, and good as a limit of serin; write max or min by hand`;
}

/** The values of arguments that have one. */
function withValues(text: string, { args }: Template['spec']): string {
  const values = new Map(args.map(({ name, value }) => [name, value]));
  return text.replaceAll(/\{\{\s*args\.([\w-]+)\s*\}\}/g, (written, name: string) => values.get(name) ?? written);
}

/** An argument is its value, or a variable of the versions, which has the same name as far as serin allows. */
function fillArguments(text: string, { spec }: Template): string {
  const declared = new Set(spec.args.map(({ name }) => name));
  return escapeDollars(withValues(text, spec)).replaceAll(/\{\{\s*args\.([\w-]+)\s*\}\}/g, (written, name: string) =>
    declared.has(name) ? `\${${variableName(name)}}` : written,
  );
}

function variableName(name: string): string {
  return name.replaceAll('-', '_');
}

function unfitArguments({ spec: { args } }: Template): readonly Unfit[] {
  return args.flatMap(({ name, value }, index): Unfit[] => {
    if (value !== undefined) return [];
    const variable = variableName(name);
    const what = `${name} has no value: it is the variable \${${variable}} now, which versions.baseline.variables and .candidates[].variables give for each version; what names the revision is \${revision}`;
    return [{ path: ['spec', 'args', index], what }];
  });
}

const specFates: Fates = {
  args: takenOver,
  metrics: takenOver,
  dryRun: takenOver,
  templates: takenOver,
  measurementRetention: 'left out: all measurements are kept',
};

const metricFates: Fates = {
  name: takenOver,
  interval: takenOver,
  initialDelay: takenOver,
  count: takenOver,
  successCondition: takenOver,
  failureCondition: takenOver,
  provider: takenOver,
  failureLimit: 'left out: measurements that fail are not counted; a verdict has error bounds (docs/verdicts.md)',
  inconclusiveLimit: 'left out: what is not decided goes on within analysis.longestExtension',
  consecutiveErrorLimit: 'left out: a store that does not answer makes a run blind, with limits.blind',
  consecutiveSuccessLimit: 'left out: the evidence of all intervals counts',
};

const prometheusFates: Fates = {
  query: takenOver,
  address: takenOver,
  authentication: 'left out: write the Metric with `http`, which has `auth`',
  headers: 'left out: write the Metric with `http`, which has `headers`',
  insecure: 'left out: TLS is checked',
  timeout: 'left out: a query takes at most 10 s',
  rangeQuery: 'left out: a Metric is one value; aggregate in the query (such as max_over_time)',
};

function unfitFields({ spec }: Template): readonly Unfit[] {
  const inMetrics = spec.metrics.flatMap((metric, index) => {
    const path = ['spec', 'metrics', index];
    const isBoth = readSuccess(withValues(metric.successCondition ?? '', spec)) !== undefined;
    const fates = isBoth
      ? { ...metricFates, failureCondition: 'left out: what does not succeed is not promoted' }
      : metricFates;
    const unread = (['interval', 'initialDelay', 'count'] as const).flatMap((field): Unfit[] => {
      const text = withValues(String(metric[field] ?? ''), spec);
      const isRead = text === '' || (field === 'count' ? /^\d+$/.test(text) : parseDuration(text) !== undefined);
      return isRead ? [] : [{ path: [...path, field], what: `left out: ${text} has no value here` }];
    });
    return [...leftOut(metric, path, fates), ...unread];
  });
  return [...leftOut(spec, ['spec'], specFates), ...inMetrics];
}
