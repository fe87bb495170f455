import { z } from 'zod';
import { serinMetric } from '../metrics/serin.ts';
import { v2alpha1Metric, v2alpha2Metric } from '../metrics/iter8.ts';
import { nativeManifest } from './serin/schema.ts';
import { allowNull, withNullableFields } from '../document/nullable-fields.ts';
import type { JsonSchema } from '../document/nullable-fields.ts';
import { iter8Manifest } from './iter8/schema.ts';

/** The schemas that editors and other tools check manifests by, by the name of their file. */
const published = {
  'serin.dev-v1alpha1-experiment': { schema: nativeManifest, title: "serin's Experiment" },
  'serin.dev-v1alpha1-metric': { schema: serinMetric, title: "serin's Metric" },
  'iter8.tools-experiment': {
    schema: iter8Manifest,
    title: "iter8's Experiment, v2alpha1 and v2alpha2, as far as serin runs it",
  },
  'iter8.tools-v2alpha1-metric': { schema: v2alpha1Metric, title: "iter8's Metric, v2alpha1" },
  'iter8.tools-v2alpha2-metric': { schema: v2alpha2Metric, title: "iter8's Metric, v2alpha2" },
} as const satisfies Readonly<Record<string, { readonly schema: z.ZodType; readonly title: string }>>;

/**
 * JSON Schemas (2020-12) of all manifests, made from the schemas that read them. Rules across fields are not in them: only
 * `serin lint` checks those.
 */
export function jsonSchemas(): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(plainSchemas()).map(([name, schema]) => {
      const nulls = withNullableFields(schema);
      return [name, name === 'iter8.tools-experiment' ? withTutorialLayout(nulls) : nulls];
    }),
  );
}

/** The JSON Schemas without null and without the layouts that are repaired; the CRDs are made from them. */
export function plainSchemas(): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    Object.entries(published).map(([name, { schema, title }]) => {
      // What zod writes has no other types than these.
      const written = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
      return [name, { title, ...written }];
    }),
  );
}

/** Also takes iter8's tutorial, which has `baseline` and `candidates` beside an empty `versionInfo`. */
function withTutorialLayout(schema: JsonSchema): JsonSchema {
  const spec = schema.properties?.['spec'] ?? {};
  const { versionInfo = {}, ...others } = spec.properties ?? {};
  const empty = { type: 'object', maxProperties: 0 };
  const { baseline = {}, candidates = {} } = versionInfo.properties ?? {};
  const properties = {
    ...others,
    versionInfo: { anyOf: [versionInfo, empty] },
    baseline: allowNull(baseline),
    candidates,
  };
  return { ...schema, properties: { ...schema.properties, spec: { ...spec, properties } } };
}
