import { defined } from '../../core/text/defined.ts';
import { anySchema } from './schema.ts';
import type { Schema } from './schema.ts';

/** The parts of JSON Schema that the schemas of manifests use. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

const types: ReadonlySet<unknown> = new Set<Schema['type']>(['object', 'array', 'string', 'integer', 'boolean']);

/**
 * Converts a JSON Schema to the structural form that Kubernetes requires. A value that may be of several types becomes any
 * value; serin checks it when the experiment starts.
 */
export function structural(schema: object): Schema {
  return convertSchema(schema);
}

function convertSchema(schema: JsonSchema): Schema {
  const { description, properties, items, additionalProperties, required } = schema;
  const { minimum, maximum, minLength, maxLength, maxItems, pattern } = schema;
  const type = schema.enum === undefined ? schema.type : 'string';
  const described = defined({ description });
  if (!isType(type)) return { ...described, ...anySchema };
  return {
    ...described,
    type,
    ...defined({
      enum: schema.enum,
      properties: properties && all(properties),
      items: items && convertSchema(items),
      additionalProperties: typeof additionalProperties === 'object' ? convertSchema(additionalProperties) : undefined,
      required,
      minimum,
      maximum,
      minLength,
      maxLength,
      maxItems,
      pattern,
    }),
  };
}

function all(properties: Readonly<Record<string, JsonSchema>>): Readonly<Record<string, Schema>> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, convertSchema(schema)]));
}

function isType(type: unknown): type is NonNullable<Schema['type']> {
  return types.has(type);
}
