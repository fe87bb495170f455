/** Fields that iter8 knew and serin does not support, or spells otherwise: what belongs there instead. */
export const refusedKeys: ReadonlyMap<string, string> = new Map(
  Object.entries({
    strength: 'no strength (iter8 never used it)',
    rollback: "start, loop or finish (a roll back runs the finish actions with the baseline's variables)",
    failure: 'start, loop or finish (a failure runs no actions)',
    rollbackOnFailure: 'rollback_on_failure, as iter8 spells it',
    metrics: 'no metrics (serin knows the metrics of Knative by their names)',
  }),
);
