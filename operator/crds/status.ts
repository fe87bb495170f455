import { free, integer, listOf, mapping, oneOf, text } from './schema.ts';
import type { Schema } from './schema.ts';

const time: Schema = { type: 'string', format: 'date-time' };

const condition = mapping(
  { type: text, status: oneOf('True', 'False', 'Unknown'), reason: text, message: text, lastTransitionTime: time },
  ['type', 'status'],
);

/** `status` of an Experiment: what printer columns and `kubectl explain` need by name; the rest is kept as it is. */
export const experimentStatus: Schema = {
  ...mapping({
    observedGeneration: { type: 'integer', format: 'int64' },
    conditions: { ...listOf(condition), 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
    initTime: time,
    startTime: time,
    lastUpdateTime: time,
    stage: oneOf('Waiting', 'Initializing', 'Running', 'Finishing', 'Completed'),
    completedIterations: integer({ minimum: 0 }),
    versionRecommendedForPromotion: text,
    recommendedBaseline: text,
    message: text,
    serin: {
      ...mapping({ workflowId: text, runId: text, outcome: text, reason: text, flags: listOf(text), report: free }),
      'x-kubernetes-preserve-unknown-fields': true,
    },
  }),
  'x-kubernetes-preserve-unknown-fields': true,
};
