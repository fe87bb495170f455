import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { HttpSource, MetricReading } from '../../core/experiment/metric-definition.ts';
import { parseJson } from '../../core/text/json.ts';
import { metricVariables } from '../../core/measurements/placeholders.ts';
import { redactValues } from '../../core/tasks/redact.ts';
import { shownNever } from '../credentials.ts';
import { partialReason } from '../prometheus/prometheus.ts';
import { compileProblem, evaluate } from '../jq/jq.ts';
import { composeRequest } from './compose-request.ts';
import { blind, readingLimitMs, unavailable } from './provider.ts';
import type { MetricAnswer, MetricBackEnds, MetricProvider, ReadingContext, SecretData } from './provider.ts';

/** JSON from an HTTP service, and a jq expression that computes a number from it. */
export const httpProvider: MetricProvider<'http'> = {
  placeholders: ({ params, body }) => [...params.map(({ value }) => value), ...(body === undefined ? [] : [body])],
  check: async ({ jqExpression }) => {
    const problem = await compileProblem(jqExpression);
    return problem === undefined ? undefined : { field: 'jqExpression', expected: 'a jq expression', got: problem };
  },
  read: readHttp,
};

async function readHttp(
  source: HttpSource,
  { version, elapsedMs, signal, backEnds }: ReadingContext,
): Promise<MetricReading> {
  const secret = await readRequiredSecret(source, backEnds);
  const composed = composeRequest(source, { variables: metricVariables(version, elapsedMs), secret });
  if (composed.kind === 'invalid') return blind(composed.problem);
  const redact = (text: string): string => redactValues(text, shownNever(secret));
  return backEnds.request({ ...composed.request, limitMs: readingLimitMs, signal }).then(
    (answer) => readAnswer(answer, source.jqExpression, redact),
    (error: unknown) => {
      signal.throwIfAborted();
      return blind(redact(error instanceof Error ? error.message : String(error)));
    },
  );
}

async function readRequiredSecret(
  { secret }: HttpSource,
  { readSecret }: Pick<MetricBackEnds, 'readSecret'>,
): Promise<SecretData> {
  if (secret === undefined) return {};
  const data = await readSecret(secret);
  if (data !== undefined) return data;
  throw new Error(`secret ${formatObjectName(secret)} does not exist`);
}

/**
 * Reads the number. The reason for none comes from the answer without the secret: an excerpt may end within a value
 * of the secret.
 */
async function readAnswer(
  { status, text }: MetricAnswer,
  jqExpression: string,
  redact: (text: string) => string,
): Promise<MetricReading> {
  if (status >= 500 || status === 429) return blind(`HTTP ${status}`);
  if (status >= 300) return unavailable(describeRefusal(status));
  // iter8's metrics query Prometheus so: a part of the data must not be a value.
  const partial = partialReason(parseJson(text));
  if (partial !== undefined) return blind(`the back end answered in part: ${redact(partial)}`);
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
