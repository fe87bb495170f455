import { limits } from '../../../core/text/limits.ts';
import { z } from 'zod';
import { deploymentPatterns, experimentDefaults, testingPatterns } from '../../../core/experiment/experiment.ts';
import {
  flagField,
  integerField,
  isRevisionName,
  mappingField,
  metricName,
  choiceField,
  parsed,
  refuse,
  targetName,
  textField,
} from '../../document/fields.ts';
import { showValue } from '../../document/issue.ts';
import { annotatedMetadata } from './metadata.ts';
import { parseQuantity } from '../../document/quantity.ts';
import { taskField } from '../tasks/tasks.ts';
import { weightObjRefField } from './weight-obj-ref.ts';

const limit = parsed('a quantity such as 50, "0.01" or 10m', parseQuantity, { type: ['number', 'string'] });

const objectiveField = mappingField({
  metric: metricName,
  upperLimit: limit.optional(),
  lowerLimit: limit.optional(),
  rollback_on_failure: flagField.optional(),
}).superRefine(({ upperLimit, lowerLimit }, context) => {
  if (upperLimit === undefined && lowerLimit === undefined) {
    refuse(context, [], { expected: 'an upperLimit or a lowerLimit', got: 'neither' });
  }
  if (upperLimit !== undefined && lowerLimit !== undefined && lowerLimit > upperLimit) {
    refuse(context, ['lowerLimit'], { expected: `at most the upperLimit ${upperLimit}`, got: String(lowerLimit) });
  }
});

/**
 * The value of a variable, as in Kubernetes text only: YAML reads `1.10` as the number 1.1, and the difference would go
 * unnoticed.
 */
const variableValue = parsed(
  'text (numbers, true and false in quotes)',
  (value) => (typeof value === 'string' ? value : undefined),
  { type: 'string' },
);

const variableField = mappingField({ name: textField, value: variableValue });

const versionField = mappingField({
  name: textField,
  variables: z.array(variableField).optional(),
  weightObjRef: weightObjRefField.optional(),
}).superRefine(({ name, variables = [] }, context) => {
  for (const [index, variable] of variables.entries()) {
    const path = ['variables', index];
    if (variables.findIndex((other) => other.name === variable.name) !== index) {
      refuse(context, [...path, 'name'], { expected: 'each variable once', got: showValue(variable.name) });
    }
    if (variable.name === 'revision' && !isRevisionName(variable.value)) {
      refuse(context, [...path, 'value'], { expected: 'the name of a revision', got: showValue(variable.value) });
    }
  }
  const isNamedByVariable = variables.some((variable) => variable.name === 'revision');
  if (isNamedByVariable || isRevisionName(name)) return;
  refuse(context, ['name'], { expected: 'the name of a revision, or a variable `revision`', got: showValue(name) });
});

/** The actions that iter8 ran; it ignored others silently, serin refuses them. */
const actions = mappingField({
  start: z.array(taskField).optional(),
  loop: z.array(taskField).optional(),
  finish: z.array(taskField).optional(),
});

/** A handler of v2alpha1: by its default name the actions run, and `none` switches them off. */
function handler(name: string): z.ZodType<'none' | 'actions'> {
  const expected = `${name} or none (serin runs the actions of the manifest, not handlers that are installed elsewhere)`;
  return parsed(expected, (value) => {
    if (value === 'none') return 'none';
    return value === name ? 'actions' : undefined;
  });
}

const handlers = mappingField({
  start: handler('start').optional(),
  finish: handler('finish').optional(),
  rollback: handler('finish').optional(),
  failure: handler('finish').optional(),
  loop: handler('loop').optional(),
});

const strategy = mappingField(
  {
    testingPattern: choiceField(testingPatterns),
    deploymentPattern: choiceField(deploymentPatterns).optional(),
    actions: actions.optional(),
    handlers: handlers.optional(),
    weights: mappingField({
      maxCandidateWeight: integerField({ min: 1, max: 100 }).optional(),
      maxCandidateWeightIncrement: integerField({ min: 1, max: 100 }).optional(),
    }).optional(),
  },
  // Only v2alpha1 has handlers.
  ['handlers'],
);

const reward = mappingField({ metric: metricName, preferredDirection: choiceField(['High', 'Low']) });

const criteria = mappingField({
  rewards: z.array(reward).optional(),
  reward: reward.optional(),
  requestCount: metricName.optional(),
  indicators: z.array(metricName).optional(),
  objectives: z.array(objectiveField).optional(),
});

/** iter8's limit: the largest 32-bit integer. */
const max = 2_147_483_647;

/** A year: more than any experiment needs, and within what Temporal's timers hold. */
const longestSeconds = 31_536_000;

const duration = mappingField({
  intervalSeconds: integerField({ min: 1, max: longestSeconds }).optional(),
  iterationsPerLoop: integerField({ min: 1, max }).optional(),
  maxLoops: integerField({ min: 1, max }).optional(),
}).superRefine(({ iterationsPerLoop = experimentDefaults.iterationsPerLoop, maxLoops = 1 }, context) => {
  const iterations = iterationsPerLoop * maxLoops;
  if (iterations > max) refuse(context, [], { expected: `at most ${max} iterations in all`, got: String(iterations) });
});

const versionInfo = mappingField({
  baseline: versionField,
  candidates: z.array(versionField).max(limits.candidates, `at most ${limits.candidates} candidates`).optional(),
});

/** iter8's Experiment, v2alpha1 and v2alpha2, as far as serin runs it. */
export const iter8Manifest = mappingField(
  {
    apiVersion: choiceField(['iter8.tools/v2alpha1', 'iter8.tools/v2alpha2']),
    kind: choiceField(['Experiment']),
    metadata: annotatedMetadata,
    spec: mappingField({
      target: targetName,
      strategy,
      criteria: criteria.optional(),
      duration: duration.optional(),
      versionInfo: versionInfo.optional(),
    }),
    status: z.unknown().optional(),
  },
  ['status'],
);

export type Iter8Manifest = z.output<typeof iter8Manifest>;
