import { formatObjectName } from '../../core/experiment/experiment.ts';
import { readField } from '../../core/text/json.ts';
import { experimentOfWorkflow } from '../../contract/experiment-id.ts';
import { failure, hasType } from '../failures.ts';
import type { ActivityCluster } from './cluster.ts';

/**
 * Fails as `ExperimentGone` when the run's Experiment no longer exists: it was deleted while the run could not be aborted. A run
 * without an object passes, and so does every run where the worker may not read Experiments.
 */
export async function requireExperiment(
  cluster: Pick<ActivityCluster, 'readObject'>,
  workflowId: string,
): Promise<void> {
  const reference = experimentOfWorkflow(workflowId);
  if (reference === undefined) return;
  const { group, namespace, name, uid } = reference;
  try {
    const object = await cluster.readObject({ kind: `experiments.${group}`, namespace, name });
    if (readField(readField(object, 'metadata'), 'uid') === uid) return;
  } catch (error) {
    if (hasType(error, 'Forbidden')) return;
    throw error;
  }
  throw failure('ExperimentGone', { message: `Experiment ${formatObjectName(reference)} was deleted` });
}
