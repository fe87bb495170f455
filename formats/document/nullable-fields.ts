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
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(withNullableFields) }),
    ...(properties === undefined ? {} : { properties: Object.fromEntries(Object.entries(properties).map(field)) }),
    ...(items === undefined ? {} : { items: withNullableFields(items) }),
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
    ...(type === undefined ? {} : { type: [...new Set([type, 'null'].flat())] }),
    ...(schema.enum === undefined ? {} : { enum: [...schema.enum, null] }),
    ...(anyOf === undefined ? {} : { anyOf: [...anyOf, { type: 'null' }] }),
  };
}
