import { z } from 'zod';
import { builtInMetric } from '../../../core/experiment/metric.ts';
import { parseDuration } from '../../../core/text/duration.ts';
import type { Path } from '../../document/issue.ts';
import { readFailure, readSuccess } from './argo-condition.ts';
import { escapeDollars, invalid, metadataField, namesNoVersion, namesNoVersionText } from './conversion.ts';
import { convertAs, nativeExperiment, objectivesOf, prometheusMetric } from './conversion.ts';
import type { PeerConversion, Range, Unfit } from './conversion.ts';

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
    metrics: z.array(metricField),
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

function convertRead(read: Template, target: string | undefined): PeerConversion {
  if (target === undefined) {
    return invalid(['spec'], 'a target, which an AnalysisTemplate does not name: --target NAME', 'none');
  }
  const metrics = read.spec.metrics.map((metric, index) => convertMetric(metric, ['spec', 'metrics', index], read));
  const objectives = metrics.flatMap((metric) => metric.objectives ?? []);
  if (objectives.length === 0) return invalid(['spec', 'metrics'], 'a metric of Prometheus with limits', 'none');
  const { name, namespace, labels } = read.metadata;
  const experiment = nativeExperiment(
    { name, namespace, labels },
    {
      target,
      objectives,
      indicators: orNothing(metrics.flatMap(({ indicator }) => indicator ?? [])),
      ...grid(read.spec.metrics),
    },
  );
  return {
    kind: 'converted',
    objects: [experiment, ...metrics.flatMap(({ definition }) => definition ?? [])],
    unfit: [...metrics.flatMap(({ unfit }) => unfit), ...unfitArguments(read), ...unfitFields(read)],
  };
}

function orNothing<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** All metrics are measured together: in the shortest interval, as often as the most frequent one. */
function grid(metrics: readonly TemplateMetric[]): object {
  const counts = metrics.flatMap(({ count }) => (Number(count) >= 1 ? Number(count) : []));
  const warmUp = sortDurations(metrics.map(({ initialDelay }) => initialDelay)).at(-1);
  return {
    interval: sortDurations(metrics.map(({ interval }) => interval))[0],
    iterations: counts.length === 0 ? undefined : Math.max(...counts),
    analysis: warmUp === undefined ? undefined : { warmUp },
  };
}

function sortDurations(texts: readonly (string | undefined)[]): readonly string[] {
  const known = texts.flatMap((text = '') => {
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
  const [provider = 'none'] = Object.keys(metric.provider);
  if (prometheus === undefined) {
    const what = `left out: its provider is ${provider}; write a Metric with \`http\`, or an action`;
    return { unfit: [{ path: [...path, 'provider'], what }] };
  }
  const name = builtInMetric(metric.name) === undefined ? metric.name : `${template.metadata.name}-${metric.name}`;
  const { namespace } = template.metadata;
  const query = fillArguments(prometheus.query, template);
  const url = prometheus.address === undefined ? undefined : fillArguments(prometheus.address, template);
  const definition = prometheusMetric({ name, namespace }, { query, url });
  const at = [...path, 'provider', 'prometheus', 'query'];
  const unfit = namesNoVersion(query) ? [{ path: at, what: namesNoVersionText }] : [];
  const range = readRange(metric);
  if (range !== undefined) return { objectives: objectivesOf(name, range), definition, unfit };
  const what = `no objective: expected limits of one result, such as result[0] >= 0.95; write max or min for ${name}`;
  return { indicator: name, definition, unfit: [...unfit, { path, what }] };
}

/** What succeeds; else what is left over by what fails. */
function readRange({ successCondition, failureCondition }: TemplateMetric): Range | undefined {
  if (successCondition !== undefined) return readSuccess(successCondition);
  return failureCondition === undefined ? undefined : readFailure(failureCondition);
}

/** An argument is its value, or a variable of the versions, which has the same name as far as serin allows. */
function fillArguments(text: string, { spec: { args } }: Template): string {
  const values = new Map(args.map(({ name, value }) => [name, value]));
  return escapeDollars(text).replaceAll(/\{\{\s*args\.([\w-]+)\s*\}\}/g, (_, name: string) => {
    const value = values.get(name);
    return value === undefined ? `\${${variableName(name)}}` : escapeDollars(value);
  });
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

/** Fields of a metric without a counterpart. */
const withoutCounterpart: Readonly<Record<string, string>> = {
  failureLimit: 'left out: measurements that fail are not counted; a verdict has error bounds (docs/verdicts.md)',
  inconclusiveLimit: 'left out: what is not decided goes on within analysis.longestExtension',
  consecutiveErrorLimit: 'left out: a store that does not answer makes a run blind, with limits.blind',
  consecutiveSuccessLimit: 'left out: the evidence of all intervals counts',
};

function unfitFields({ spec }: Template): readonly Unfit[] {
  const inMetrics = spec.metrics.flatMap((metric, index) => {
    const path = ['spec', 'metrics', index];
    const fields = Object.entries(withoutCounterpart).flatMap(([field, what]): Unfit[] =>
      metric[field] === undefined ? [] : [{ path: [...path, field], what }],
    );
    const isBoth = metric.successCondition !== undefined && metric.failureCondition !== undefined;
    const both = { path: [...path, 'failureCondition'], what: 'left out: what does not succeed is not promoted' };
    return isBoth ? [...fields, both] : fields;
  });
  return spec['dryRun'] === undefined && spec['measurementRetention'] === undefined
    ? inMetrics
    : [...inMetrics, { path: ['spec'], what: 'left out: dryRun and measurementRetention; all measurements are kept' }];
}
