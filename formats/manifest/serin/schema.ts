import { z } from 'zod';
import { testingPatterns, deploymentPatterns } from '../../../core/experiment/experiment.ts';
import {
  flag,
  integer,
  mapping,
  metricName,
  namespaceName,
  oneOf,
  parsed,
  refuse,
  revisionName,
  targetName,
  text,
} from '../../document/fields.ts';
import { showValue } from '../../document/issue.ts';
import { plainMetadata } from '../iter8/metadata.ts';
import { metricFacts } from '../../../core/experiment/metric.ts';
import { task } from '../tasks/tasks.ts';
import { duration, limit, share, trafficPercent } from './values.ts';
import type { Limit } from './values.ts';

const variableName = z.string().meta({ minLength: 1, not: { const: 'revision' } });
const variableValue = parsed(
  'text (numbers, true and false in quotes)',
  (value) => (typeof value === 'string' ? value : undefined),
  { type: 'string' },
);

/** Any name, as in iter8's form, which has others than templates can ask for. */
const variables = z.record(variableName, variableValue).superRefine((given, context) => {
  for (const name of Object.keys(given)) {
    if (name === '') refuse(context, [name], { expected: 'a name for every variable', got: showValue(name) });
    if (name !== 'revision') continue;
    refuse(context, [name], { expected: "the version's own field revision", got: 'a variable of that name' });
  }
});

const version = mapping({ name: text.optional(), revision: revisionName, variables: variables.optional() });

const objective = mapping({
  metric: metricName,
  max: limit.optional(),
  min: limit.optional(),
  maxRatioToBaseline: share.optional(),
  rollback: flag.optional(),
}).superRefine(({ metric, max, min, maxRatioToBaseline }, context) => {
  if (max === undefined && min === undefined && maxRatioToBaseline === undefined) {
    refuse(context, [], { expected: 'one of max, min and maxRatioToBaseline', got: 'none' });
  }
  checkUnit({ metric, max, min }, context);
  if (maxRatioToBaseline === 0) {
    refuse(context, ['maxRatioToBaseline'], { expected: 'a ratio above 0', got: '0' });
  }
});

interface Limits {
  readonly metric: string;
  readonly max: Limit | undefined;
  readonly min: Limit | undefined;
}

/** A percent is a share of requests, a duration a latency: by a metric of another unit it would mean something else. */
function checkUnit({ metric, max, min }: Limits, context: z.RefinementCtx): void {
  const { kind } = metricFacts(metric).kind;
  const unit = kind === 'error-share' ? 'percent' : kind.endsWith('latency') ? 'duration' : 'number';
  const words = {
    percent: 'a share such as 1% or 0.01',
    duration: 'a latency such as 100ms, or 100',
    number: 'a number',
  };
  for (const [field, given] of [['max', max] as const, ['min', min] as const]) {
    if (given === undefined || given.kind === 'number' || given.kind === unit) continue;
    refuse(context, [field], { expected: `${words[unit]} for ${metric}`, got: `a ${given.kind}` });
  }
}

const steps = z.array(trafficPercent).superRefine((percents, context) => {
  for (const [index, percent] of percents.entries()) {
    const before = percents[index - 1] ?? 0;
    if (percent > before) continue;
    refuse(context, [index], { expected: `more than the step before, ${before}%`, got: `${percent}%` });
  }
});

/** YAML has `.inf` and `.nan`. */
function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

const traffic = mapping({
  deployment: oneOf(deploymentPatterns).optional(),
  maximum: trafficPercent.optional(),
  increment: trafficPercent.optional(),
  steps: steps.optional(),
  riskBudget: parsed(
    'a number of requests above 0',
    (value) => (isFiniteNumber(value) && value > 0 ? value : undefined),
    { type: 'number', exclusiveMinimum: 0 },
  ).optional(),
  onSuspect: oneOf(['hold', 'backoff']).optional(),
});

const probability = parsed(
  'a share above 0 and below 1, such as 5%',
  (value) => {
    const reading = share.safeParse(value);
    return reading.success && reading.data > 0 && reading.data < 1 ? reading.data : undefined;
  },
  { type: ['string', 'number'] },
);

const dispersion = parsed(
  'auto, off, or how many requests count as one, from 1',
  (value) => (value === 'auto' || value === 'off' || (isFiniteNumber(value) && value >= 1) ? value : undefined),
  { anyOf: [{ enum: ['auto', 'off'] }, { type: 'number', minimum: 1 }] },
);

const analysis = mapping({
  method: oneOf(['sequential', 'threshold']).optional(),
  falsePass: probability.optional(),
  falseFail: probability.optional(),
  tolerance: share.optional(),
  latencyTolerance: share.optional(),
  minSamples: integer({ min: 0, max: 999_999_999 }).optional(),
  warmUp: duration.optional(),
  undecided: oneOf(['extend', 'rollback', 'hold', 'pointEstimate']).optional(),
  longestExtension: duration.optional(),
  dispersion: dispersion.optional(),
  errors: oneOf(['5xx', 'not-2xx']).optional(),
});

const limits = mapping({
  blind: duration.optional(),
  onBlind: oneOf(['rollback', 'hold']).optional(),
  readiness: duration.optional(),
  candidateGrace: duration.optional(),
  task: duration.optional(),
});

const helmValues = mapping({ files: z.array(text).optional(), set: z.record(z.string(), z.unknown()).optional() });

const helm = mapping({
  release: text,
  chart: text,
  repository: text.optional(),
  version: text.optional(),
  namespace: namespaceName.optional(),
  timeout: duration.optional(),
  values: z.record(z.string(), helmValues).optional(),
});

const actions = mapping({
  start: z.array(task).optional(),
  loop: z.array(task).optional(),
  finish: z.array(task).optional(),
});

const notification = task.transform((read, context) => {
  const { kind } = read.make('');
  if (kind === 'http' || kind === 'slack') return read;
  refuse(context, ['task'], { expected: 'notification/http or notification/slack', got: showValue(kind) });
  return z.NEVER;
});

const counted = integer({ min: 1, max: 2_147_483_647 });

/** serin's own Experiment. */
export const nativeManifest = mapping(
  {
    apiVersion: oneOf(['serin.dev/v1alpha1']),
    kind: oneOf(['Experiment']),
    metadata: plainMetadata,
    spec: mapping({
      target: targetName,
      pattern: oneOf(testingPatterns).optional(),
      versions: mapping({ baseline: version, candidates: z.array(version).optional() }).optional(),
      objectives: z.array(objective).optional(),
      indicators: z.array(metricName).optional(),
      reward: mapping({ metric: metricName, prefer: oneOf(['high', 'low']) }).optional(),
      traffic: traffic.optional(),
      analysis: analysis.optional(),
      interval: duration.optional(),
      iterations: counted.optional(),
      iterationsPerLoop: counted.optional(),
      approval: mapping({ required: flag, limit: duration.optional() }).optional(),
      limits: limits.optional(),
      promotion: mapping({ helm }).optional(),
      actions: actions.optional(),
      finishOnRollBack: flag.optional(),
      finishOnAbort: flag.optional(),
      notifications: z.array(notification).optional(),
    }),
    status: z.unknown().optional(),
  },
  ['status'],
);

export type NativeManifest = z.output<typeof nativeManifest>;

export type NativeSpec = NativeManifest['spec'];
