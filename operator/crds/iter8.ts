import { limits } from '../../core/text/limits.ts';
import {
  anySchema,
  flagSchema,
  integerSchema,
  listSchema,
  mappingSchema,
  nullableSchema,
  enumSchema,
  quantitySchema,
  textSchema,
} from './schema.ts';
import type { Schema } from './schema.ts';

const namedValues = listSchema(mappingSchema({ name: textSchema, value: textSchema }, ['name', 'value']));

const version = mappingSchema(
  { name: textSchema, variables: nullableSchema(namedValues), weightObjRef: nullableSchema(anySchema) },
  ['name'],
);

const candidates: Schema = { ...listSchema(version), maxItems: limits.candidates };

const conditionSchema: Schema = { ...textSchema, maxLength: limits.conditionCharacters };

const task = mappingSchema({
  library: textSchema,
  task: textSchema,
  run: textSchema,
  if: conditionSchema,
  condition: conditionSchema,
  with: nullableSchema(anySchema),
});

const strategy = mappingSchema(
  {
    testingPattern: enumSchema('Canary', 'A/B', 'A/B/N', 'Conformance'),
    deploymentPattern: enumSchema('FixedSplit', 'Progressive', 'BlueGreen'),
    actions: nullableSchema({ type: 'object', additionalProperties: nullableSchema(listSchema(task)) }),
    handlers: nullableSchema({ type: 'object', additionalProperties: textSchema }),
    weights: nullableSchema(
      mappingSchema({
        maxCandidateWeight: integerSchema({ minimum: 0, maximum: 100 }),
        maxCandidateWeightIncrement: integerSchema({ minimum: 0, maximum: 100 }),
      }),
    ),
  },
  ['testingPattern'],
);

const reward = mappingSchema({ metric: textSchema, preferredDirection: enumSchema('High', 'Low') }, [
  'metric',
  'preferredDirection',
]);

const objective = mappingSchema(
  { metric: textSchema, upperLimit: quantitySchema, lowerLimit: quantitySchema, rollback_on_failure: flagSchema },
  ['metric'],
);

const criteria = mappingSchema({
  requestCount: textSchema,
  reward: nullableSchema(reward),
  rewards: nullableSchema(listSchema(reward)),
  indicators: nullableSchema(listSchema(textSchema)),
  objectives: nullableSchema(listSchema(objective)),
  strength: anySchema,
});

const duration = mappingSchema({
  intervalSeconds: integerSchema({ minimum: 1 }),
  iterationsPerLoop: integerSchema({ minimum: 1 }),
  maxLoops: integerSchema({ minimum: 1 }),
});

/**
 * `spec` of iter8's Experiment. Each version has the fields of both: the API server stores every object in one of them and
 * would drop the fields that it does not know. `baseline` and `candidates` beside an empty `versionInfo`, a slip of iter8's
 * tutorial, are kept too.
 */
export const iter8Experiment: Schema = mappingSchema(
  {
    target: { ...textSchema, minLength: 1 },
    strategy,
    criteria: nullableSchema(criteria),
    duration: nullableSchema(duration),
    versionInfo: nullableSchema(mappingSchema({ baseline: version, candidates: nullableSchema(candidates) })),
    baseline: nullableSchema(version),
    candidates: nullableSchema(candidates),
    metrics: nullableSchema(listSchema(mappingSchema({ name: textSchema, metricObj: anySchema }, ['name']))),
  },
  ['target', 'strategy'],
);

/** `spec` of iter8's Metric, with the fields of both versions. */
export const iter8Metric: Schema = mappingSchema({
  params: nullableSchema(namedValues),
  description: textSchema,
  units: textSchema,
  type: enumSchema('Counter', 'Gauge', 'counter', 'gauge'),
  /** v2alpha1 had a mapping of namespace and name, v2alpha2 has text. */
  sampleSize: anySchema,
  authType: enumSchema('Basic', 'Bearer', 'APIKey'),
  method: enumSchema('GET', 'POST'),
  body: textSchema,
  provider: textSchema,
  jqExpression: textSchema,
  secret: textSchema,
  headerTemplates: nullableSchema(namedValues),
  urlTemplate: textSchema,
  mock: nullableSchema(listSchema(mappingSchema({ name: textSchema, level: quantitySchema }, ['name', 'level']))),
});
