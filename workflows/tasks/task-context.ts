import type { Version } from '../../core/experiment/experiment.ts';
import type { Moment } from '../../core/tasks/task-context.ts';
import { winnerOf } from '../../core/report/report-of-state.ts';
import { candidateWeights } from '../../core/planner/experiment-state.ts';
import { sharesOf, versionsOf } from '../../core/experiment/versions.ts';
import { experimentOf } from '../run/run.ts';
import type { Run } from '../run/run.ts';

/** The actions of an experiment, by iter8's names. */
export type ActionName = 'start' | 'loop' | 'finish';

/** Where the run is now, for a task that uses the version's variables. */
export function momentOf(
  run: Run,
  { version, action }: { readonly version: Version; readonly action: ActionName },
): Moment {
  const experiment = experimentOf(run);
  const { stage, iteration } = run.state;
  const shares = sharesOf(experiment, candidateWeights(run.state));
  const winner = action === 'finish' ? winnerWhenFinishing(run, version) : winnerOf(run.state);
  return {
    experiment,
    versions: versionsOf(experiment),
    version,
    ...(winner === undefined ? {} : { winner }),
    stage,
    completedIterations: iteration,
    weights: Object.fromEntries(versionsOf(experiment).map(({ name }, index) => [name, shares[index]?.percent ?? 0])),
  };
}

/** The version that loop actions are about: the winner so far, else the baseline. */
export function recommendedVersion(run: Run): Version {
  const { baseline, candidates } = experimentOf(run);
  return candidates.find(({ name }) => name === winnerOf(run.state)) ?? baseline;
}

/** Whatever gets the traffic has won, except a baseline that has it for want of something better. */
function winnerWhenFinishing(run: Run, { name }: Version): string | undefined {
  const { baseline } = experimentOf(run);
  return name !== baseline.name || winnerOf(run.state) === name ? name : undefined;
}
