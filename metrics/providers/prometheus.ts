import type { MetricReading, MetricSource } from '../../core/experiment/metric-definition.ts';
import { metricVariables, substitute } from '../../core/measurements/placeholders.ts';
import { parseEndpoint, readCredentials } from '../prometheus/access.ts';
import { connectPrometheus, queryParameters, readAnswer } from '../prometheus/prometheus.ts';
import type { Query, Series } from '../prometheus/prometheus.ts';
import { formatLabels } from '../prometheus/readings.ts';
import { readingLimitMs, unavailable } from './provider.ts';
import type { MetricProvider, ReadingContext } from './provider.ts';

/** One number is wanted, by a query that others wrote. */
const longestAnswerBytes = 4 * 1024 * 1024;

/** An instant query to the worker's Prometheus, or to another one. */
export const prometheusProvider: MetricProvider<'prometheus'> = {
  placeholders: ({ query }) => [query],
  check: async () => undefined,
  read: async (source, context) => readSeries(await ask(source, context)),
};

/** Asks at the back end's own now: the worker's clock may differ. */
function ask({ query, url }: MetricSource<'prometheus'>, context: ReadingContext): Promise<readonly Series[]> {
  const { version, elapsedMs, signal, backEnds } = context;
  const { text } = substitute(query, metricVariables(version, elapsedMs));
  if (url !== undefined) return askElsewhere(url, { query: text }, context);
  const { prometheusUrl: baseUrl, prometheusAccess: access } = backEnds;
  const limits = { limitMs: readingLimitMs, limitBytes: longestAnswerBytes };
  return connectPrometheus({ baseUrl, access, signal, ...limits }).ask({ query: text });
}

/** A metric's author says where this one is: the request is guarded as theirs, and has the credentials of that URL alone. */
async function askElsewhere(
  baseUrl: string,
  query: Query,
  { signal, backEnds }: Pick<ReadingContext, 'signal' | 'backEnds'>,
): Promise<readonly Series[]> {
  const endpoint = parseEndpoint(substitute(baseUrl, {}).text);
  const { url, shown } = endpoint;
  const { headers, redact } = await readCredentials(endpoint);
  for (const [name, value] of Object.entries(queryParameters(query))) url.searchParams.append(name, value);
  const answer = await backEnds.request({ url: url.href, method: 'GET', headers, limitMs: readingLimitMs, signal });
  const remedy = 'a metric with `prometheus.url` is asked with those of its URL alone: write it with `http` and `auth`';
  return readAnswer({ ...answer, url: shown, remedy, redact });
}

function readSeries(series: readonly Series[]): MetricReading {
  const [only, other] = series;
  if (only === undefined) return unavailable('Prometheus has no series for it');
  if (other !== undefined) {
    const both = `${formatLabels(only.labels)} and ${formatLabels(other.labels)}`;
    return unavailable(`two series for one value: ${both}; add them up in the query`);
  }
  if (only.histograms !== undefined)
    return unavailable('Prometheus answers with a histogram; make a number of it in the query');
  const value = only.samples.at(-1)?.value ?? NaN;
  return Number.isFinite(value) ? { kind: 'value', value } : unavailable(`Prometheus answers ${value}`);
}
