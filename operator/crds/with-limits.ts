import { limits } from '../../core/text/limits.ts';
import type { Schema } from './schema.ts';

/** The schema with the limits of what a manifest may have, in every list and every mapping of free keys that has none. */
export function withLimits(schema: Schema): Schema {
  const { items, properties, additionalProperties } = schema;
  return {
    ...schema,
    ...(items && { items: withLimits(items), maxItems: schema.maxItems ?? limits.manifestEntries }),
    ...(additionalProperties && {
      additionalProperties: withLimits(additionalProperties),
      maxProperties: limits.manifestEntries,
    }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, withLimits(one)])),
    }),
  };
}
