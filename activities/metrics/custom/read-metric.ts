import { redactValues } from '../../../core/tasks/redact.ts';
import { formatObjectName } from '../../../core/experiment/experiment.ts';
import type { ObjectName, Version } from '../../../core/experiment/experiment.ts';
import type { HttpSource, MetricDefinition, MetricReading } from '../../../core/experiment/metric-definition.ts';
import { mockValue } from '../../../core/offline/mock-metric.ts';
import { metricVariables, substitute, unknownPlaceholders } from '../../../core/measurements/placeholders.ts';
import { requestText } from '../../http/request-text.ts';
import type { TextAnswer } from '../../http/request-text.ts';
import { innermostMessage } from '../../failures.ts';
import { shownNever } from '../../secrets.ts';
import { evaluate } from '../../../metrics/jq/jq.ts';
import { connectPrometheus } from '../../../metrics/prometheus/prometheus.ts';
import type { Series } from '../../../metrics/prometheus/prometheus.ts';
import { formatLabels } from '../../../metrics/prometheus/readings.ts';
import { Unmeasured } from '../../../metrics/unmeasured.ts';
import { composeRequest } from './compose-request.ts';
import type { SecretData } from './compose-request.ts';

/** Where a worker, or a person's own machine, finds what metrics are read from. */
export interface MetricBackEnds {
  readonly prometheusUrl: string;
  /** The decoded keys of a Kubernetes secret; undefined when there is none. */
  readonly readSecret: (name: ObjectName) => Promise<SecretData | undefined>;
  /** Hosts that HTTP metrics may be read from, as `isAllowedHost` reads them. */
  readonly allowedHosts: readonly string[];
}

/** One metric of one version, now. */
export interface MetricQuestion {
  readonly definition: MetricDefinition;
  readonly version: Pick<Version, 'name' | 'variables'>;
  /** Since the experiment's start. */
  readonly elapsedMs: number;
  /** Epoch ms. */
  readonly nowMs: number;
  /** Its abort is rethrown. */
  readonly signal: AbortSignal;
}

/** For one metric of one version. */
const limitMs = 10_000;

/** Reads one metric of one version. Whatever goes wrong is data; secrets do not show in its reasons. */
export async function readMetric(question: MetricQuestion, backEnds: MetricBackEnds): Promise<MetricReading> {
  const { definition, version, signal } = question;
  const unknown = unknownPlaceholders(definition, version);
  if (unknown.length > 0) return blind(describeUnknown(unknown, question));
  try {
    return await readSource(question, backEnds);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Unmeasured && error.kind === 'error') return unavailable(error.message);
    return blind(innermostMessage(error));
  }
}

function readSource(question: MetricQuestion, backEnds: MetricBackEnds): Promise<MetricReading> | MetricReading {
  const { source } = question.definition;
  switch (source.kind) {
    case 'prometheus':
      return readPrometheus(source.query, question, backEnds);
    case 'http':
      return readHttp(source, question, backEnds);
    case 'mock':
      return readMock(source.levels, question);
  }
}

async function readPrometheus(
  query: string,
  { version, elapsedMs, nowMs, signal }: MetricQuestion,
  { prometheusUrl }: MetricBackEnds,
): Promise<MetricReading> {
  const prometheus = connectPrometheus({ baseUrl: prometheusUrl, signal, limitMs });
  const { text } = substitute(query, metricVariables(version, elapsedMs));
  return readSeries(await prometheus.ask({ query: text, atMs: nowMs }));
}

function readSeries(series: readonly Series[]): MetricReading {
  const [only, other] = series;
  if (only === undefined) return unavailable('Prometheus has no series for it');
  if (other !== undefined) {
    const both = `${formatLabels(only.labels)} and ${formatLabels(other.labels)}`;
    return unavailable(`two series for one value: ${both}; add them up in the query`);
  }
  const value = only.samples.at(-1)?.value ?? NaN;
  return Number.isFinite(value) ? { kind: 'value', value } : unavailable(`Prometheus answers ${value}`);
}

async function readHttp(
  source: HttpSource,
  { version, elapsedMs, signal }: MetricQuestion,
  { readSecret, allowedHosts }: MetricBackEnds,
): Promise<MetricReading> {
  const secret = await readRequiredSecret(source, readSecret);
  const composed = composeRequest(source, { variables: metricVariables(version, elapsedMs), secret });
  if (composed.kind === 'invalid') return blind(composed.problem);
  const redact = (text: string): string => redactValues(text, shownNever(secret));
  return requestText({ ...composed.request, limitMs, signal, allowedHosts }).then(
    (answer) => readAnswer(answer, source.jqExpression, redact),
    (error: unknown) => {
      signal.throwIfAborted();
      return blind(redact(innermostMessage(error)));
    },
  );
}

async function readRequiredSecret(
  { secret }: HttpSource,
  readSecret: MetricBackEnds['readSecret'],
): Promise<SecretData> {
  if (secret === undefined) return {};
  const data = await readSecret(secret);
  if (data !== undefined) return data;
  throw new Error(`secret ${formatObjectName(secret)} does not exist`);
}

/** Why an answer that repeats the secret has no number is asked of it without the secret: an excerpt may end within a value. */
async function readAnswer(
  { status, text }: TextAnswer,
  jqExpression: string,
  redact: (text: string) => string,
): Promise<MetricReading> {
  if (status >= 500 || status === 429) return blind(`HTTP ${status}`);
  if (status >= 300) return unavailable(describeRefusal(status));
  const reading = await evaluate(jqExpression, text);
  if (reading.kind === 'number') return { kind: 'value', value: reading.value };
  const shown = redact(text);
  const why = shown === text ? reading : await evaluate(jqExpression, shown);
  return unavailable(why.kind === 'none' ? why.reason : 'no number in an answer that repeats the secret');
}

function describeRefusal(status: number): string {
  return status < 400
    ? `HTTP ${status}, and redirects are not followed: use the address it leads to`
    : `HTTP ${status}`;
}

function readMock(levels: Readonly<Record<string, number>>, question: MetricQuestion): MetricReading {
  const { definition, version, elapsedMs } = question;
  const level = levels[version.name];
  if (level === undefined) return unavailable(`it is mocked, and has no level for version ${version.name}`);
  const metric = formatObjectName(definition);
  const value = mockValue({ metric, type: definition.type, version: version.name, level, elapsedMs });
  return { kind: 'value', value };
}

function describeUnknown(unknown: readonly string[], { version, elapsedMs }: MetricQuestion): string {
  const names = unknown.map((name) => `$${name}`).join(', ');
  const known = Object.keys(metricVariables(version, elapsedMs)).map((name) => `$${name}`);
  return `nothing to put for ${names}; version ${version.name} has ${known.join(', ')}`;
}

function unavailable(reason: string): MetricReading {
  return { kind: 'unavailable', reason };
}

function blind(reason: string): MetricReading {
  return { kind: 'blind', reason };
}
