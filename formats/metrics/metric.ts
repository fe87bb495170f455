import type { z } from 'zod';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import { readField } from '../../core/text/json.ts';
import type { MetricDefinition, MetricProviderName, MetricSource } from '../../core/experiment/metric-definition.ts';
import { unlocated } from '../document/document.ts';
import { readObjects } from '../document/objects.ts';
import type { LocatedDocument } from '../document/document.ts';
import { documentKind } from '../document/document-kinds.ts';
import { formatPath, showValue } from '../document/issue.ts';
import type { Issue, Path } from '../document/issue.ts';
import type { MetricDraft, SourceDraft } from './metric-fields.ts';
import { v2alpha1Metric, v2alpha2Metric } from './iter8.ts';
import { serinMetric } from './serin.ts';
import { withoutNulls } from '../document/without-nulls.ts';
import { translateIssues } from '../document/zod-issues.ts';
import type { ValueIssue } from '../document/zod-issues.ts';
import { defined } from '../../core/text/defined.ts';

/** A metric with the place of its expression, for the issues that its provider finds there. */
export interface LocatedMetric {
  readonly definition: MetricDefinition;
  /** Present where the manifest has an expression. */
  readonly expressionPlace?: Omit<Issue, 'expected' | 'got'>;
}

/** All metrics of a file, or all their issues. */
export type MetricsReading =
  | { readonly kind: 'ok'; readonly metrics: readonly LocatedMetric[] }
  | { readonly kind: 'invalid'; readonly issues: readonly Issue[] };

export interface MetricsOrigin {
  /** The name of the file, for messages. */
  readonly file: string;
  /** The namespace of metrics that name none. */
  readonly namespace: string;
}

/**
 * Reads the Metric resources of iter8 (both versions) and serin from YAML or JSON text of any number of documents and lists.
 * Documents of other kinds, and metrics of iter8's provider `iter8`, which are built in, are left out.
 */
export function parseMetrics(text: string, origin: MetricsOrigin): MetricsReading {
  const reading = readObjects(text, origin.file);
  if (reading.kind === 'invalid') return reading;
  const documents = reading.documents.filter(({ value }) => documentKind(value) === 'Metric');
  const readings = documents.map((document) => readMetric(document, origin));
  const issues = [...readings.flatMap((one) => one.issues), ...findTwins(readings, origin)];
  if (issues.length > 0) return { kind: 'invalid', issues };
  return { kind: 'ok', metrics: readings.flatMap(({ metric }) => (metric === undefined ? [] : [metric])) };
}

/** Reads one Metric object as the API server returns it; its issues have no line. */
export function parseMetricObject(value: unknown, origin: MetricsOrigin): MetricsReading {
  const { metric, issues } = readMetric(unlocated(value), origin);
  if (issues.length > 0) return { kind: 'invalid', issues };
  return { kind: 'ok', metrics: metric === undefined ? [] : [metric] };
}

interface Form {
  readonly schema: z.ZodType<MetricDraft | 'built-in'>;
  /** The path of the expression that the provider has to check, by the kind of the source. */
  readonly expressions: Readonly<Partial<Record<MetricProviderName, Path>>>;
}

const forms: ReadonlyMap<unknown, Form> = new Map<unknown, Form>([
  ['iter8.tools/v2alpha1', { schema: v2alpha1Metric, expressions: {} }],
  ['iter8.tools/v2alpha2', { schema: v2alpha2Metric, expressions: { http: ['spec', 'jqExpression'] } }],
  ['serin.dev/v1alpha1', { schema: serinMetric, expressions: { http: ['spec', 'http', 'jq'] } }],
]);

interface DocumentReading {
  readonly document: LocatedDocument;
  readonly metric?: LocatedMetric;
  readonly issues: readonly Issue[];
}

function readMetric(document: LocatedDocument, origin: MetricsOrigin): DocumentReading {
  const value = withoutNulls(document.value);
  const place = (issue: ValueIssue): Issue => placed(issue, document, origin);
  const apiVersion = readField(value, 'apiVersion');
  const form = forms.get(apiVersion);
  if (form === undefined) {
    const expected = [...forms.keys()].join(' or ');
    return { document, issues: [place({ path: ['apiVersion'], atKey: false, expected, got: showValue(apiVersion) })] };
  }
  const reading = form.schema.safeParse(value);
  if (!reading.success) return { document, issues: translateIssues(reading.error, value).map(place) };
  if (reading.data === 'built-in') return { document, issues: [] };
  const definition = resolve(reading.data, origin.namespace);
  const issues = secretIssues(definition).map(place);
  return { document, metric: located(definition, form, document, origin), issues };
}

/** Bare names are in the metric's own namespace. */
function resolve(draft: MetricDraft, defaultNamespace: string): MetricDefinition {
  const { namespace = defaultNamespace, sampleSize, source, ...others } = draft;
  const own = { namespace };
  return {
    ...others,
    namespace,
    ...defined({ sampleSize: sampleSize && { ...own, ...sampleSize } }),
    source: resolveSource(source, own),
  };
}

function resolveSource(source: SourceDraft, own: { readonly namespace: string }): MetricSource {
  if ('secret' in source && source.secret !== undefined) return { ...source, secret: { ...own, ...source.secret } };
  // Only in its secret does a draft differ from a source.
  return source as MetricSource;
}

/** Refuses secrets of another namespace than the metric's: its author could have them sent to any address. */
function secretIssues({ namespace, source }: MetricDefinition): ValueIssue[] {
  if (!('secret' in source) || source.secret === undefined || source.secret.namespace === namespace) return [];
  const expected = `a secret in the metric's own namespace, ${namespace}`;
  return [{ path: ['spec', 'secret'], atKey: false, expected, got: formatObjectName(source.secret) }];
}

function located(
  definition: MetricDefinition,
  { expressions }: Form,
  document: LocatedDocument,
  { file }: MetricsOrigin,
): LocatedMetric {
  const expression = expressions[definition.source.kind];
  if (expression === undefined) return { definition };
  return {
    definition,
    expressionPlace: { file, ...document.findPosition(expression), path: formatPath(expression) },
  };
}

function findTwins(readings: readonly DocumentReading[], origin: MetricsOrigin): Issue[] {
  const names = readings.map(({ metric }) => (metric === undefined ? '' : formatObjectName(metric.definition)));
  return readings.flatMap(({ document }, index) => {
    const name = names[index] ?? '';
    if (name === '' || names.indexOf(name) === index) return [];
    const issue = { path: ['metadata', 'name'], atKey: false, expected: 'each metric once', got: `${name} again` };
    return [placed(issue, document, origin)];
  });
}

function placed({ path, atKey, expected, got }: ValueIssue, document: LocatedDocument, { file }: MetricsOrigin): Issue {
  const position = atKey ? document.findKeyPosition(path) : document.findPosition(path);
  return { file, ...position, path: formatPath(path), expected, got };
}
