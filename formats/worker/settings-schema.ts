import { z } from 'zod';
import { allowNull } from '../document/nullable-fields.ts';
import type { JsonSchema } from '../document/nullable-fields.ts';
import { settingDefinitions } from './settings.ts';

/** A setting as a JSON Schema, as far as it has one: durations, addresses and the like are read by the worker. */
export interface SettingSchema extends Omit<JsonSchema, 'properties'> {
  readonly description: string;
}

/** The settings of a worker as JSON Schemas, by their names in the file; null counts as absent. Secret ones are left out. */
export function settingSchemas(): Readonly<Record<string, SettingSchema>> {
  const open = Object.entries(settingDefinitions).filter(([, definition]) => !('isSecret' in definition));
  return Object.fromEntries(
    open.map(([key, definition]) => {
      const { schema, meaning, expected } = definition;
      const fallback = 'fallback' in definition ? ` (default: ${definition.fallback})` : '';
      return [key, { description: `${meaning}${fallback}; ${expected}`, ...allowNull(plainSchema(schema)) }];
    }),
  );
}

/** The names of all settings in the file. */
export const settingNames: readonly string[] = Object.keys(settingDefinitions);

/** Without what zod adds to every schema and every integer. */
function plainSchema(schema: z.ZodType): JsonSchema {
  const text = JSON.stringify(
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    (name, value: unknown) => (['$schema', 'minimum', 'maximum', 'format'].includes(name) ? undefined : value),
  );
  // What zod writes.
  return JSON.parse(text) as JsonSchema;
}
