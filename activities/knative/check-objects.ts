import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectCheck } from '../../core/experiment/task-kinds.ts';
import { unmetWait } from '../../core/experiment/wait-for.ts';
import { failure } from '../failures.ts';
import type { ActivityCluster } from './cluster.ts';

/** Checks the objects once; fails as `NotReady`, naming all that are not as wanted. */
export async function checkObjects(
  cluster: ActivityCluster,
  { objects }: { readonly objects: readonly ObjectCheck[] },
): Promise<void> {
  const results = await Promise.all(objects.map((object) => objectProblem(cluster, object)));
  const doubts = results.filter((doubt) => doubt !== undefined);
  if (doubts.length > 0) throw failure('NotReady', { message: doubts.join('; ') });
}

async function objectProblem(
  cluster: ActivityCluster,
  { kind, waitFor, ...name }: ObjectCheck,
): Promise<string | undefined> {
  const unmet = unmetWait(waitFor, await cluster.readObject({ kind, ...name }));
  return unmet === undefined ? undefined : `${kind} ${formatObjectName(name)}: ${unmet}`;
}
