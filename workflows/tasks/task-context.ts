import type { Version } from '../../core/experiment/experiment.ts';
import type { TaskContext } from '../../core/tasks/task-context.ts';
import { currentWinner } from '../../core/report/report-of-state.ts';
import { publicStage } from '../../core/experiment/stage.ts';
import { candidateWeights } from '../../core/planner/experiment-state.ts';
import { trafficShares, allVersions } from '../../core/experiment/versions.ts';
import { loadedExperiment } from '../run/run.ts';
import type { Run } from '../run/run.ts';
import { defined } from '../../core/text/defined.ts';

/** The actions of an experiment, by iter8's names. */
export type ActionName = 'start' | 'loop' | 'finish';

/** The context in which a task is rendered: the current state of the run, and the version whose variables it uses. */
export function buildTaskContext(
  run: Run,
  { version, action }: { readonly version: Version; readonly action: ActionName },
): TaskContext {
  const experiment = loadedExperiment(run);
  const { stage, iteration } = run.state;
  const shares = trafficShares(experiment, candidateWeights(run.state));
  const winner = action === 'finish' ? winnerWhenFinishing(run, version) : currentWinner(run.state);
  return {
    experiment,
    versions: allVersions(experiment),
    version,
    ...defined({ winner }),
    stage: publicStage(stage),
    completedIterations: iteration,
    weights: Object.fromEntries(allVersions(experiment).map(({ name }, index) => [name, shares[index]?.percent ?? 0])),
  };
}

/** The version that loop actions are about: the winner so far, else the baseline. */
export function recommendedVersion(run: Run): Version {
  const { baseline, candidates } = loadedExperiment(run);
  return candidates.find(({ name }) => name === currentWinner(run.state)) ?? baseline;
}

/** The version that gets the traffic, unless it is a baseline that no verdict has chosen. */
function winnerWhenFinishing(run: Run, { name }: Version): string | undefined {
  const { baseline } = loadedExperiment(run);
  return name !== baseline.name || currentWinner(run.state) === name ? name : undefined;
}
