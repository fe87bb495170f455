import { formatObjectName } from '../../core/experiment/experiment.ts';
import { mockValue } from '../../core/offline/mock-metric.ts';
import { unavailable } from './provider.ts';
import type { MetricProvider } from './provider.ts';

/** Made-up values, for trying an experiment out. */
export const mockProvider: MetricProvider<'mock'> = {
  placeholders: () => [],
  check: async () => undefined,
  read: async ({ levels }, { definition, version, elapsedMs }) => {
    const level = levels[version.name];
    if (level === undefined) return unavailable(`it is mocked, and has no level for version ${version.name}`);
    const metric = formatObjectName(definition);
    const value = mockValue({ metric, type: definition.type, version: version.name, level, elapsedMs });
    return { kind: 'value', value };
  },
};
