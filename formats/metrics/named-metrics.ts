import type { Experiment } from '../../core/experiment/experiment.ts';
import { builtInMetric } from '../../core/experiment/metric.ts';
import { readField } from '../../core/text/json.ts';
import type { Path } from '../document/issue.ts';

/** The part of a manifest that names metrics, of either form, and its path. */
export interface Criteria {
  readonly path: Path;
  readonly value: unknown;
}

/** A metric as a manifest names it, and where. */
export interface NamedMetric {
  readonly name: string;
  readonly path: Path;
}

/** Lists the metrics of objectives, rewards, indicators and the request count; a manifest with mistakes may have fewer. */
export function readNamedMetrics({ path, value }: Criteria): readonly NamedMetric[] {
  const list = (field: string): readonly unknown[] => {
    const items = readField(value, field);
    return Array.isArray(items) ? items : [];
  };
  const inItems = (field: string): readonly Named[] =>
    list(field).map((item, index) => ({ name: readField(item, 'metric'), path: [...path, field, index, 'metric'] }));
  const named: readonly Named[] = [
    ...inItems('objectives'),
    ...inItems('rewards'),
    { name: readField(readField(value, 'reward'), 'metric'), path: [...path, 'reward', 'metric'] },
    ...list('indicators').map((name, index) => ({ name, path: [...path, 'indicators', index] })),
    { name: readField(value, 'requestCount'), path: [...path, 'requestCount'] },
  ];
  return named.flatMap(({ name, path: at }) => (typeof name === 'string' ? [{ name, path: at }] : []));
}

interface Named {
  readonly name: unknown;
  readonly path: Path;
}

/** The names of metrics as the manifest has them, where one of them is not serin's own. */
export function findWrittenMetrics(named: readonly NamedMetric[]): Pick<Experiment, 'writtenMetrics'> {
  const names = new Map<string, Set<string>>();
  for (const { name } of named) {
    const metric = builtInMetric(name) ?? name;
    names.set(metric, (names.get(metric) ?? new Set()).add(name));
  }
  const differing = [...names].filter(([metric, written]) => [...written].some((name) => name !== metric));
  if (differing.length === 0) return {};
  return { writtenMetrics: Object.fromEntries(differing.map(([metric, written]) => [metric, [...written]])) };
}
