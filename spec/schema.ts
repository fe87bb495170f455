import { z } from 'zod';
import { metricNames } from '../core/experiment.ts';
import type { MetricName } from '../core/experiment.ts';
import { flag, integer, namespaceName, objectName, oneOf, parsed, refuse, scalar, targetName, text } from './fields.ts';
import { annotations } from './knobs.ts';
import { parseQuantity } from './quantity.ts';
import { task } from './tasks.ts';

/** What the API server adds to an object, and nobody writes. */
const serverFields = {
  uid: z.unknown(),
  resourceVersion: z.unknown(),
  generation: z.unknown(),
  creationTimestamp: z.unknown(),
  managedFields: z.unknown(),
  selfLink: z.unknown(),
  finalizers: z.unknown(),
  ownerReferences: z.unknown(),
};

const metadata = z.strictObject({
  name: objectName,
  namespace: namespaceName.optional(),
  labels: z.unknown().optional(),
  annotations: annotations.optional(),
  ...z.object(serverFields).partial().shape,
});

/** Samples prefix their metrics with the namespace of the metric's definition. */
const metric = parsed(`one of ${metricNames.join(', ')}`, (value): MetricName | undefined => {
  if (typeof value !== 'string') return undefined;
  const bare = value.replace(/^iter8-(knative|system)\//, '');
  return metricNames.find((name) => name === bare);
});

const limit = parsed('a quantity such as 50, "0.01" or 10m', parseQuantity);

const objective = z
  .strictObject({
    metric,
    upperLimit: limit.optional(),
    lowerLimit: limit.optional(),
    rollback_on_failure: flag.optional(),
  })
  .superRefine(({ upperLimit, lowerLimit }, context) => {
    if (upperLimit === undefined && lowerLimit === undefined) {
      refuse(context, [], { expected: 'an upperLimit or a lowerLimit', got: 'neither' });
    }
    if (upperLimit !== undefined && lowerLimit !== undefined && lowerLimit > upperLimit) {
      refuse(context, ['lowerLimit'], { expected: `at most the upperLimit ${upperLimit}`, got: String(lowerLimit) });
    }
  });

const variable = z.strictObject({ name: text, value: scalar });

const version = z
  .strictObject({ name: text, variables: z.array(variable).optional() })
  .superRefine(({ variables = [] }, context) => {
    for (const [index, { name }] of variables.entries()) {
      if (variables.findIndex((other) => other.name === name) === index) continue;
      refuse(context, ['variables', index, 'name'], { expected: 'each variable once', got: JSON.stringify(name) });
    }
  });

export const actions = z.strictObject({ start: z.array(task).optional(), finish: z.array(task).optional() });

const strategy = z.strictObject({
  testingPattern: oneOf(['Canary'], ['A/B', 'A/B/N', 'Conformance']),
  deploymentPattern: oneOf(['Progressive', 'FixedSplit'], ['BlueGreen']).optional(),
  actions: actions.optional(),
  weights: z
    .strictObject({
      maxCandidateWeight: integer({ min: 1, max: 100 }).optional(),
      maxCandidateWeightIncrement: integer({ min: 1, max: 100 }).optional(),
    })
    .optional(),
});

const criteria = z.strictObject({
  requestCount: metric.optional(),
  indicators: z.array(metric).optional(),
  objectives: z.array(objective).optional(),
});

const duration = z.strictObject({
  intervalSeconds: integer({ min: 1 }).optional(),
  iterationsPerLoop: integer({ min: 1 }).optional(),
  maxLoops: integer({ min: 1 }).optional(),
});

const candidates = z.array(version).superRefine((given, context) => {
  if (given.length !== 1) refuse(context, [], { expected: 'exactly one candidate', got: String(given.length) });
});

export const versionInfo = z.strictObject({ baseline: version, candidates });

/** iter8's Experiment, v2alpha1 and v2alpha2, as far as serin runs it. */
export const iter8Manifest = z.strictObject({
  apiVersion: oneOf(['iter8.tools/v2alpha1', 'iter8.tools/v2alpha2']),
  kind: oneOf(['Experiment']),
  metadata,
  spec: z.strictObject({
    target: targetName,
    strategy,
    criteria: criteria.optional(),
    duration: duration.optional(),
    versionInfo,
  }),
  status: z.unknown().optional(),
});

export type Iter8Manifest = z.output<typeof iter8Manifest>;
