import { z } from 'zod';

/**
 * The status of an Experiment with the types of iter8's CustomResourceDefinition (etc3, v2alpha2), as iter8ctl and
 * other programs of iter8's time decode it: one field of another type, and they read nothing of the object, nor of the list that
 * it is in. Fields that iter8 did not have are listed one by one.
 */
const int32 = z.int().min(-2_147_483_648).max(2_147_483_647);
const time = z.iso.datetime({ offset: true });
const quantity = z
  .string()
  .regex(/^[+-]?(\d+(\.\d*)?|\.\d+)(([KMGTPE]i)|[numkMGTPE]|[eE][+-]?\d+)?$/, 'a Kubernetes quantity');

const condition = z.strictObject({
  // The last two are serin's; iter8ctl looks conditions up by their type.
  type: z.enum(['Completed', 'Failed', 'TargetAcquired', 'Ready', 'Progressing']),
  status: z.enum(['True', 'False', 'Unknown']),
  lastTransitionTime: time.optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
});

const weights = z.array(z.strictObject({ name: z.string(), value: int32.min(0).max(100) }));

function block<T extends z.ZodType>(data: T) {
  return z.strictObject({ provenance: z.string(), timestamp: time, message: z.string().optional(), data });
}

const versionData = z.strictObject({
  max: quantity.optional(),
  min: quantity.optional(),
  value: quantity.optional(),
  sampleSize: int32.min(0).optional(),
});

const analysis = z.strictObject({
  aggregatedMetrics: block(
    z.record(
      z.string(),
      z.strictObject({
        max: quantity.optional(),
        min: quantity.optional(),
        data: z.record(z.string(), versionData),
      }),
    ),
  ),
  versionAssessments: block(z.record(z.string(), z.array(z.boolean()))),
  winnerAssessment: block(z.strictObject({ winnerFound: z.boolean(), winner: z.string().optional() })),
  weights: block(weights),
});

const metricInfo = z.strictObject({
  name: z.string(),
  metricObj: z.strictObject({
    apiVersion: z.literal('iter8.tools/v2alpha2'),
    kind: z.literal('Metric'),
    metadata: z.strictObject({ name: z.string() }),
    spec: z.strictObject({
      type: z.enum(['Counter', 'Gauge']),
      provider: z.string(),
      units: z.string().optional(),
    }),
  }),
});

const iter8Status = z.strictObject({
  conditions: z.array(condition),
  initTime: time,
  startTime: time.optional(),
  lastUpdateTime: time.optional(),
  stage: z.enum(['Waiting', 'Initializing', 'Running', 'Finishing', 'Completed']),
  completedIterations: int32.min(0),
  currentWeightDistribution: weights.optional(),
  analysis: analysis.optional(),
  versionRecommendedForPromotion: z.string().optional(),
  message: z.string(),
  metrics: z.array(metricInfo).optional(),
  // v2alpha1's name for the recommendation.
  recommendedBaseline: z.string().optional(),
  // Not iter8's.
  observedGeneration: z.int().optional(),
  serin: z.looseObject({}),
});

/** Problems of a status for programs of iter8's time, each with its path; none when they can read it. */
export function iter8StatusProblems(status: unknown): readonly string[] {
  // As it goes over the wire.
  const reading = iter8Status.safeParse(JSON.parse(JSON.stringify(status)));
  if (!reading.success) {
    return reading.error.issues.map(({ path, message }) => `status.${path.map(String).join('.')}: ${message}`);
  }
  return unknownNames(reading.data);
}

/** iter8ctl finds a metric's values by its name in `metrics`. */
function unknownNames({ metrics = [], analysis: found }: z.output<typeof iter8Status>): readonly string[] {
  const known = Object.keys(found?.aggregatedMetrics.data ?? {});
  return metrics.flatMap(({ name }) => (known.includes(name) ? [] : [`status.metrics: ${name} has no values`]));
}

/** The status as it was given; fails where programs of iter8's time could not read it. */
export function readableByIter8<Status>(status: Status): Status {
  const problems = iter8StatusProblems(status);
  if (problems.length > 0) throw new Error(`iter8ctl could not read the status:\n  ${problems.join('\n  ')}`);
  return status;
}
