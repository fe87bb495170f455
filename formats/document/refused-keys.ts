const noRollBackAction = "start, loop or finish (a roll back runs the finish actions with the baseline's variables)";
const noFailureAction = 'start, loop or finish (a failure runs no actions)';
const rollBack = 'rollback_on_failure, as iter8 spells it';
const noMetrics = 'no metrics (serin knows the metrics of Knative by their names)';

/**
 * Fields that iter8 knew and serin does not support, or spells otherwise: what belongs there instead, by the path without
 * its indexes.
 */
export const refusedKeys: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'spec.metrics': noMetrics,
    'spec.strategy.actions.rollback': noRollBackAction,
    'spec.strategy.actions.failure': noFailureAction,
    'spec.criteria.strength': 'no strength (iter8 never used it)',
    'spec.criteria.objectives.rollbackOnFailure': rollBack,
    'spec.criteria.objectives.rollback': rollBack,
    'spec.actions.rollback': noRollBackAction,
    'spec.actions.failure': noFailureAction,
  }),
);
