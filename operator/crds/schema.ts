import { defined } from '../../core/text/defined.ts';

/** A structural OpenAPI schema, with the parts that serin's CustomResourceDefinitions use. */
export interface Schema {
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly nullable?: boolean;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-list-type'?: 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
}

export const textSchema: Schema = { type: 'string' };
export const flagSchema: Schema = { type: 'boolean' };

/** Kubernetes' quantity: `50`, `"0.01"`, `10m`. */
export const quantitySchema: Schema = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern: String.raw`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`,
  'x-kubernetes-int-or-string': true,
};

/** A mapping with any fields, which are kept. */
export const freeSchema: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** Any JSON value. */
export const anySchema: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

export function integerSchema({ minimum, maximum }: { readonly minimum: number; readonly maximum?: number }): Schema {
  return { type: 'integer', format: 'int32', minimum, ...defined({ maximum }) };
}

export function enumSchema(...words: readonly string[]): Schema {
  return { type: 'string', enum: words };
}

export function listSchema(items: Schema): Schema {
  return { type: 'array', items };
}

/** A mapping of these fields; others are refused by kubectl and dropped by the API server. */
export function mappingSchema(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return {
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
  };
}

/** The schema with null allowed, which counts as absent. */
export function nullableSchema(schema: Schema): Schema {
  return { ...schema, nullable: true };
}
