import { defined } from '../../core/text/defined.ts';

/** The parts of JSON Schema that the schemas of manifests use. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
}

/** The schema with null for every field that may be absent, as manifests are read. */
export function withNullableFields(schema: JsonSchema): JsonSchema {
  const { anyOf, properties, items, additionalProperties, required = [] } = schema;
  const field = ([name, inner]: readonly [string, JsonSchema]): [string, JsonSchema] => {
    const walked = withNullableFields(inner);
    return [name, required.includes(name) ? walked : allowNull(walked)];
  };
  return {
    ...schema,
    ...defined({
      anyOf: anyOf?.map(withNullableFields),
      properties: properties && Object.fromEntries(Object.entries(properties).map(field)),
      items: items && withNullableFields(items),
    }),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: allowNull(withNullableFields(additionalProperties)) }
      : {}),
  };
}

/** A schema that says nothing of these takes null as it is. */
export function allowNull(schema: JsonSchema): JsonSchema {
  const { type, anyOf } = schema;
  return {
    ...schema,
    ...defined({
      type: type && [...new Set([type, 'null'].flat())],
      enum: schema.enum && [...schema.enum, null],
      anyOf: anyOf && [...anyOf, { type: 'null' }],
    }),
  };
}
