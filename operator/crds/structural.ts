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
  readonly pattern?: string;
}

const types: ReadonlySet<unknown> = new Set<Schema['type']>(['object', 'array', 'string', 'integer', 'boolean']);

/**
 * A JSON Schema as Kubernetes takes schemas: structural. A value that may be of several types is kept as it is; serin checks it when the
 * experiment starts.
 */
export function structural(schema: object): Schema {
  return convertSchema(schema);
}

function convertSchema(schema: JsonSchema): Schema {
  const { description, properties, items, additionalProperties, required, minimum, maximum, minLength, pattern } =
    schema;
  const type = schema.enum === undefined ? schema.type : 'string';
  const described = description === undefined ? {} : { description };
  if (!isType(type)) return { ...described, ...anySchema };
  return {
    ...described,
    type,
    ...(schema.enum === undefined ? {} : { enum: schema.enum }),
    ...(properties === undefined ? {} : { properties: all(properties) }),
    ...(items === undefined ? {} : { items: convertSchema(items) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: convertSchema(additionalProperties) } : {}),
    ...(required === undefined ? {} : { required }),
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(minLength === undefined ? {} : { minLength }),
    ...(pattern === undefined ? {} : { pattern }),
  };
}

function all(properties: Readonly<Record<string, JsonSchema>>): Readonly<Record<string, Schema>> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, convertSchema(schema)]));
}

function isType(type: unknown): type is NonNullable<Schema['type']> {
  return types.has(type);
}
