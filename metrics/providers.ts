import type { Version } from '../core/experiment/experiment.ts';
import type { MetricProviderName, MetricReading, MetricSource } from '../core/experiment/metric-definition.ts';
import { isPlainValue, metricVariables, placeholderNames, substitute } from '../core/measurements/placeholders.ts';
import { httpProvider } from './providers/http.ts';
import { mockProvider } from './providers/mock.ts';
import { prometheusProvider } from './providers/prometheus.ts';
import type { MetricProvider, ReadingContext, SourceProblem } from './providers/provider.ts';

const providers: { readonly [K in MetricProviderName]: MetricProvider<K> } = {
  http: httpProvider,
  prometheus: prometheusProvider,
  mock: mockProvider,
};

/** The placeholders of a source that nothing fills in for this version, so that its query would be wrong. */
export function unknownPlaceholders<K extends MetricProviderName>(
  source: MetricSource<K>,
  version: Pick<Version, 'name' | 'variables'>,
): readonly string[] {
  const variables = metricVariables(version, 0);
  const templates = providers[source.kind].placeholders(source);
  return [...new Set(templates.flatMap((template) => substitute(template, variables).unknown))];
}

/** The variables of a version that the source uses and whose values are more than values: they could change the query. */
export function unfitVariables<K extends MetricProviderName>(
  source: MetricSource<K>,
  version: Pick<Version, 'name' | 'variables'>,
): readonly string[] {
  const variables = metricVariables(version, 0);
  const templates = providers[source.kind].placeholders(source);
  const used = new Set(templates.flatMap(placeholderNames));
  return [...used].filter((name) => Object.hasOwn(variables, name) && !isPlainValue(variables[name] ?? ''));
}

/** Checks a source for what only its provider can find wrong; undefined where nothing is. */
export function checkSource<K extends MetricProviderName>(source: MetricSource<K>): Promise<SourceProblem | undefined> {
  return providers[source.kind].check(source);
}

/** Reads a source for one version; see `MetricProvider.read`. */
export function readSource<K extends MetricProviderName>(
  source: MetricSource<K>,
  context: ReadingContext,
): Promise<MetricReading> {
  return providers[source.kind].read(source, context);
}
