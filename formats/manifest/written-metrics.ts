import type { Experiment } from '../../core/experiment/experiment.ts';
import { builtInMetric } from '../../core/experiment/metric.ts';
import { readField } from '../../core/text/json.ts';

/**
 * Reads the names of metrics as a manifest has them, where one of them is not serin's own. `criteria` is the mapping with the
 * objectives, the indicators and the reward, of either form.
 */
export function readWrittenMetrics(criteria: unknown): Pick<Experiment, 'writtenMetrics'> {
  const names = new Map<string, Set<string>>();
  for (const text of namesIn(criteria)) {
    const metric = builtInMetric(text) ?? text;
    names.set(metric, (names.get(metric) ?? new Set()).add(text));
  }
  const differing = [...names].filter(([metric, written]) => [...written].some((text) => text !== metric));
  if (differing.length === 0) return {};
  return { writtenMetrics: Object.fromEntries(differing.map(([metric, written]) => [metric, [...written]])) };
}

function namesIn(criteria: unknown): readonly string[] {
  const listed = (field: string): readonly unknown[] => {
    const list = readField(criteria, field);
    return Array.isArray(list) ? list : [];
  };
  const references = [...listed('objectives'), ...listed('rewards'), readField(criteria, 'reward')];
  const named = [
    ...references.map((reference) => readField(reference, 'metric')),
    ...listed('indicators'),
    readField(criteria, 'requestCount'),
  ];
  return named.filter((name) => typeof name === 'string');
}
