import { stages } from '../../core/experiment/stage.ts';
import { freeSchema, integerSchema, listSchema, mappingSchema, enumSchema, textSchema } from './schema.ts';
import type { Schema } from './schema.ts';

const time: Schema = { type: 'string', format: 'date-time' };

const condition = mappingSchema(
  {
    type: textSchema,
    status: enumSchema('True', 'False', 'Unknown'),
    reason: textSchema,
    message: textSchema,
    lastTransitionTime: time,
  },
  ['type', 'status'],
);

/** `status` of an Experiment: what printer columns and `kubectl explain` need by name; the rest is kept as it is. */
export const experimentStatus: Schema = {
  ...mappingSchema({
    observedGeneration: { type: 'integer', format: 'int64' },
    conditions: { ...listSchema(condition), 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
    initTime: time,
    startTime: time,
    lastUpdateTime: time,
    stage: enumSchema(...stages),
    completedIterations: integerSchema({ minimum: 0 }),
    versionRecommendedForPromotion: textSchema,
    recommendedBaseline: textSchema,
    message: textSchema,
    serin: {
      ...mappingSchema({
        workflowId: textSchema,
        runId: textSchema,
        outcome: textSchema,
        reason: textSchema,
        flags: listSchema(textSchema),
        report: freeSchema,
      }),
      'x-kubernetes-preserve-unknown-fields': true,
    },
  }),
  'x-kubernetes-preserve-unknown-fields': true,
};
