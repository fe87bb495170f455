import type { MetricReading } from '../../core/experiment/metric-definition.ts';
import { metricVariables, substitute } from '../../core/measurements/placeholders.ts';
import { connectPrometheus } from '../prometheus/prometheus.ts';
import type { Series } from '../prometheus/prometheus.ts';
import { formatLabels } from '../prometheus/readings.ts';
import { readingLimitMs, unavailable } from './provider.ts';
import type { MetricProvider, ReadingContext } from './provider.ts';

/** An instant query to the worker's Prometheus. */
export const prometheusProvider: MetricProvider<'prometheus'> = {
  placeholders: ({ query }) => [query],
  check: async () => undefined,
  read: ({ query }, context) => readQuery(query, context),
};

async function readQuery(
  query: string,
  { version, elapsedMs, nowMs, signal, backEnds }: ReadingContext,
): Promise<MetricReading> {
  const prometheus = connectPrometheus({ baseUrl: backEnds.prometheusUrl, signal, limitMs: readingLimitMs });
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
