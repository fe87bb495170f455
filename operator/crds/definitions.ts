import type { V1CustomResourceColumnDefinition as Column } from '@kubernetes/client-node';
import { plainSchemas } from '../../formats/manifest/json-schema.ts';
import { iter8Experiment, iter8Metric } from './iter8.ts';
import { freeSchema } from './schema.ts';
import type { Schema } from './schema.ts';
import { experimentStatus } from './status.ts';
import { structural } from './structural.ts';
import { withLimits } from './with-limits.ts';

/** The CustomResourceDefinitions that serin adds to a cluster, as `deploy/crds.yaml` has them. */
export function customResourceDefinitions(): readonly object[] {
  return [
    experiments('iter8.tools', ['v2alpha2', 'v2alpha1'], iter8Experiment, '.spec.strategy.testingPattern'),
    metrics('iter8.tools', ['v2alpha2', 'v2alpha1'], iter8Metric),
    experiments('serin.dev', ['v1alpha1'], specSchema('serin.dev-v1alpha1-experiment'), '.spec.pattern'),
    metrics('serin.dev', ['v1alpha1'], specSchema('serin.dev-v1alpha1-metric')),
  ];
}

/** iter8's columns, with its names; `-o wide` shows more. */
const experimentColumns: readonly Column[] = [
  { name: 'target', type: 'string', jsonPath: '.spec.target' },
  { name: 'stage', type: 'string', jsonPath: '.status.stage' },
  { name: 'completed iterations', type: 'string', jsonPath: '.status.completedIterations' },
  { name: 'message', type: 'string', jsonPath: '.status.message' },
  { name: 'outcome', type: 'string', jsonPath: '.status.serin.outcome', priority: 1 },
  { name: 'workflow', type: 'string', jsonPath: '.status.serin.workflowId', priority: 1 },
  { name: 'age', type: 'date', jsonPath: '.metadata.creationTimestamp', priority: 1 },
];

/** Makes `spec` immutable, since a run keeps the one that it began with. */
const immutable = [
  { rule: 'self == oldSelf', message: 'spec cannot be changed: delete the Experiment and create it again' },
];

/** The `spec` of a manifest that has a schema of its own. */
function specSchema(name: string): Schema {
  const schema = structural(plainSchemas()[name] ?? {});
  return schema.properties?.['spec'] ?? freeSchema;
}

function experiments(group: string, versions: readonly string[], spec: Schema, type: string): object {
  const schema: Schema = {
    type: 'object',
    required: ['spec'],
    properties: { spec: { ...withLimits(spec), 'x-kubernetes-validations': immutable }, status: experimentStatus },
  };
  const names = { kind: 'Experiment', listKind: 'ExperimentList', plural: 'experiments', singular: 'experiment' };
  const columns: readonly Column[] = [{ name: 'type', type: 'string', jsonPath: type }, ...experimentColumns];
  return definition({ group, names, versions, schema, columns });
}

function metrics(group: string, versions: readonly string[], spec: Schema): object {
  const schema: Schema = { type: 'object', required: ['spec'], properties: { spec: withLimits(spec) } };
  const names = { kind: 'Metric', listKind: 'MetricList', plural: 'metrics', singular: 'metric' };
  const columns = [
    { name: 'type', type: 'string', jsonPath: '.spec.type' },
    { name: 'description', type: 'string', jsonPath: '.spec.description' },
  ];
  return definition({ group, names, versions, schema, columns });
}

interface Definition {
  readonly group: string;
  readonly names: {
    readonly kind: string;
    readonly listKind: string;
    readonly plural: string;
    readonly singular: string;
  };
  /** All are served; the first is the storage version. */
  readonly versions: readonly string[];
  readonly schema: Schema;
  readonly columns: readonly Column[];
}

function definition({ group, names, versions, schema, columns }: Definition): object {
  const hasStatus = schema.properties?.['status'] !== undefined;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: {
      group,
      names: { ...names, categories: ['serin'] },
      scope: 'Namespaced',
      conversion: { strategy: 'None' },
      versions: versions.map((name, index) => ({
        name,
        served: true,
        storage: index === 0,
        additionalPrinterColumns: columns,
        schema: { openAPIV3Schema: schema },
        ...(hasStatus ? { subresources: { status: {} } } : {}),
      })),
    },
  };
}
