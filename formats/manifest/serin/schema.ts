import { approvalLimitPolicies } from '../../../core/experiment/approvers.ts';
import { limits } from '../../../core/text/limits.ts';
import { z } from 'zod';
import { commonOutagePolicies } from '../../../core/experiment/analysis.ts';
import type { Analysis } from '../../../core/experiment/analysis.ts';
import { deploymentPatterns, heldPolicies, testingPatterns } from '../../../core/experiment/experiment.ts';
import {
  flagField,
  integerField,
  mappingField,
  metricName,
  namespaceName,
  choiceField,
  parsed,
  refuse,
  revisionName,
  targetName,
  textField,
} from '../../document/fields.ts';
import { calendarField } from '../../calendar/calendar.ts';
import { showValue } from '../../document/issue.ts';
import { plainMetadata } from '../iter8/metadata.ts';
import { metricFacts } from '../../../core/experiment/metric.ts';
import { taskTraits } from '../../../core/experiment/task-kinds.ts';
import { taskField, taskNames } from '../tasks/tasks.ts';
import { shareField } from '../../document/share.ts';
import { durationField, limitField, trafficPercent } from './values.ts';
import type { Limit } from './values.ts';

const variableName = z.string().meta({ minLength: 1, not: { const: 'revision' } });
const variableValue = parsed(
  'text (numbers, true and false in quotes)',
  (value) => (typeof value === 'string' ? value : undefined),
  { type: 'string' },
);

/** Variables of any name but `revision`, as in iter8's form, even a name that templates cannot refer to. */
const variables = z.record(variableName, variableValue).superRefine((given, context) => {
  for (const name of Object.keys(given)) {
    if (name === '') refuse(context, [name], { expected: 'a name for every variable', got: showValue(name) });
    if (name !== 'revision') continue;
    refuse(context, [name], { expected: "the version's own field revision", got: 'a variable of that name' });
  }
});

const version = mappingField({ name: textField.optional(), revision: revisionName, variables: variables.optional() });

const objective = mappingField({
  metric: metricName,
  max: limitField.optional(),
  min: limitField.optional(),
  maxRatioToBaseline: shareField.optional(),
  rollback: flagField.optional(),
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

/** Refuses limits in a unit of other metrics: a percent is a share of requests, a duration a latency. */
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

const traffic = mappingField({
  deployment: choiceField(deploymentPatterns).optional(),
  maximum: trafficPercent.optional(),
  increment: trafficPercent.optional(),
  steps: steps.optional(),
  riskBudget: parsed(
    'a number of requests above 0',
    (value) => (isFiniteNumber(value) && value > 0 ? value : undefined),
    { type: 'number', exclusiveMinimum: 0 },
  ).optional(),
  onSuspect: choiceField(['hold', 'backoff']).optional(),
});

const probability = parsed(
  'a share above 0 and below 1, such as 5%',
  (value) => {
    const reading = shareField.safeParse(value);
    return reading.success && reading.data > 0 && reading.data < 1 ? reading.data : undefined;
  },
  { type: ['string', 'number'] },
);

const dispersion = parsed(
  'auto, off, or how many requests count as one, from 1',
  (value): Analysis['dispersion'] | undefined =>
    value === 'auto' || value === 'off' || (isFiniteNumber(value) && value >= 1) ? value : undefined,
  { anyOf: [{ enum: ['auto', 'off'] }, { type: 'number', minimum: 1 }] },
);

const analysis = mappingField({
  method: choiceField(['sequential', 'threshold']).optional(),
  falsePass: probability.optional(),
  falseFail: probability.optional(),
  tolerance: shareField.optional(),
  latencyTolerance: shareField.optional(),
  minSamples: integerField({ min: 0, max: 999_999_999 }).optional(),
  warmUp: durationField.optional(),
  guard: durationField.optional(),
  undecided: choiceField(['extend', 'rollback', 'hold', 'pointEstimate']).optional(),
  longestExtension: durationField.optional(),
  dispersion: dispersion.optional(),
  commonOutage: choiceField(commonOutagePolicies).optional(),
  errors: choiceField(['5xx', 'not-2xx']).optional(),
});

const limitsField = mappingField({
  blind: durationField.optional(),
  onBlind: choiceField(['rollback', 'hold']).optional(),
  readiness: durationField.optional(),
  candidateGrace: durationField.optional(),
  task: durationField.optional(),
});

const helmValues = mappingField({
  files: z.array(textField).optional(),
  set: z.record(z.string(), z.unknown()).optional(),
});

const helm = mappingField({
  release: textField,
  chart: textField,
  repository: textField.optional(),
  version: textField.optional(),
  namespace: namespaceName.optional(),
  timeout: durationField.optional(),
  values: z.record(z.string(), helmValues).optional(),
});

const actions = mappingField({
  start: z.array(taskField).optional(),
  loop: z.array(taskField).optional(),
  finish: z.array(taskField).optional(),
});

const notification = taskField.transform((read, context) => {
  const { kind } = read.make('');
  if (taskTraits[kind].role === 'notification') return read;
  refuse(context, ['task'], { expected: taskNames('notification').join(' or '), got: showValue(kind) });
  return z.NEVER;
});

const counted = integerField({ min: 1, max: 2_147_483_647 });

/** serin's own Experiment. */
const names = z.array(textField);

const approval = mappingField({
  required: flagField,
  limit: durationField.optional(),
  remindEvery: durationField.optional(),
  onLimit: choiceField(approvalLimitPolicies).optional(),
  approvers: mappingField({ users: names.optional(), groups: names.optional(), count: counted.optional() }).optional(),
});

export const nativeManifest = mappingField(
  {
    apiVersion: choiceField(['serin.dev/v1alpha1']),
    kind: choiceField(['Experiment']),
    metadata: plainMetadata,
    spec: mappingField({
      target: targetName,
      pattern: choiceField(testingPatterns).optional(),
      versions: mappingField({
        baseline: version,
        candidates: z.array(version).max(limits.candidates, `at most ${limits.candidates} candidates`).optional(),
      }).optional(),
      objectives: z.array(objective).optional(),
      indicators: z.array(metricName).optional(),
      reward: mappingField({ metric: metricName, prefer: choiceField(['high', 'low']) }).optional(),
      traffic: traffic.optional(),
      analysis: analysis.optional(),
      interval: durationField.optional(),
      iterations: counted.optional(),
      iterationsPerLoop: counted.optional(),
      approval: approval.optional(),
      calendar: calendarField.optional(),
      bakeTime: durationField.optional(),
      limits: limitsField.optional(),
      whenHeld: choiceField(heldPolicies).optional(),
      promotion: mappingField({ helm }).optional(),
      actions: actions.optional(),
      finishOnRollBack: flagField.optional(),
      finishOnAbort: flagField.optional(),
      notifications: z.array(notification).optional(),
    }),
    status: z.unknown().optional(),
  },
  ['status'],
);

export type NativeManifest = z.output<typeof nativeManifest>;

export type NativeSpec = NativeManifest['spec'];
