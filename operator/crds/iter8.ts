import { anything, flag, integer, listOf, mapping, nullable, oneOf, quantity, text } from './schema.ts';
import type { Schema } from './schema.ts';

const namedValues = listOf(mapping({ name: text, value: text }, ['name', 'value']));

const version = mapping({ name: text, variables: nullable(namedValues), weightObjRef: nullable(anything) }, ['name']);

const task = mapping({ library: text, task: text, run: text, if: text, condition: text, with: nullable(anything) });

const strategy = mapping(
  {
    testingPattern: oneOf('Canary', 'A/B', 'A/B/N', 'Conformance'),
    deploymentPattern: oneOf('FixedSplit', 'Progressive', 'BlueGreen'),
    actions: nullable({ type: 'object', additionalProperties: nullable(listOf(task)) }),
    handlers: nullable({ type: 'object', additionalProperties: text }),
    weights: nullable(
      mapping({
        maxCandidateWeight: integer({ minimum: 0, maximum: 100 }),
        maxCandidateWeightIncrement: integer({ minimum: 0, maximum: 100 }),
      }),
    ),
  },
  ['testingPattern'],
);

const reward = mapping({ metric: text, preferredDirection: oneOf('High', 'Low') }, ['metric', 'preferredDirection']);

const objective = mapping({ metric: text, upperLimit: quantity, lowerLimit: quantity, rollback_on_failure: flag }, [
  'metric',
]);

const criteria = mapping({
  requestCount: text,
  reward: nullable(reward),
  rewards: nullable(listOf(reward)),
  indicators: nullable(listOf(text)),
  objectives: nullable(listOf(objective)),
  strength: anything,
});

const duration = mapping({
  intervalSeconds: integer({ minimum: 1 }),
  iterationsPerLoop: integer({ minimum: 1 }),
  maxLoops: integer({ minimum: 1 }),
});

/**
 * `spec` of iter8's Experiment. Both versions have the fields of both: the API server keeps every object in one of them
 * and would drop what that one does not know. What iter8's tutorial has by a slip is kept too: `baseline` and `candidates`
 * beside an empty `versionInfo`.
 */
export const iter8Experiment: Schema = mapping(
  {
    target: { ...text, minLength: 1 },
    strategy,
    criteria: nullable(criteria),
    duration: nullable(duration),
    versionInfo: nullable(mapping({ baseline: version, candidates: nullable(listOf(version)) })),
    baseline: nullable(version),
    candidates: nullable(listOf(version)),
    metrics: nullable(listOf(mapping({ name: text, metricObj: anything }, ['name']))),
  },
  ['target', 'strategy'],
);

/** `spec` of iter8's Metric, with the fields of both versions. */
export const iter8Metric: Schema = mapping({
  params: nullable(namedValues),
  description: text,
  units: text,
  type: oneOf('Counter', 'Gauge', 'counter', 'gauge'),
  /** v2alpha1 had a mapping of namespace and name, v2alpha2 has text. */
  sampleSize: anything,
  authType: oneOf('Basic', 'Bearer', 'APIKey'),
  method: oneOf('GET', 'POST'),
  body: text,
  provider: text,
  jqExpression: text,
  secret: text,
  headerTemplates: nullable(namedValues),
  urlTemplate: text,
  mock: nullable(listOf(mapping({ name: text, level: quantity }, ['name', 'level']))),
});
