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

/** The schema that also takes null for every field that may be absent, as the readers of manifests do. */
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

/** The schema that also takes null; one without a type, an enum and alternatives does so already. */
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
