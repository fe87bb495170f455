import type { Experiment, Version } from '../experiment/experiment.ts';
import { finishTasksFor, mayDeploy } from './task.ts';
import type { ExecTask } from './task.ts';
import type { Task } from '../experiment/task-kinds.ts';
import { movesTraffic, allVersions } from '../experiment/versions.ts';

/** The versions that the finish actions may run for: a roll back or an abort need not run them for the baseline. */
export function possibleWinners(experiment: Experiment): readonly Version[] {
  const { candidates, finishOnRollBack, finishOnAbort } = experiment;
  const runForBaseline = !movesTraffic(experiment) || finishOnRollBack || finishOnAbort;
  return runForBaseline ? allVersions(experiment) : candidates;
}

/**
 * The `kubectl apply` finish actions for a winner that the API server can be asked about before the run. What a command or a
 * script does before them may be what they need, so that only those that come first are.
 */
export function rehearsableApplies(experiment: Experiment, winner: Version): readonly ExecTask[] {
  if (experiment.loop.some(mayDeploy)) return [];
  const deploying = finishTasksFor(experiment, winner).filter(mayDeploy);
  const end = deploying.findIndex((task) => !isRehearsable(task));
  return deploying.slice(0, end === -1 ? undefined : end).filter(isRehearsable);
}

/** kubectl refuses a dry run together with `--force`. */
function isRehearsable(task: Task): task is ExecTask {
  if (task.kind !== 'exec' || task.command !== 'kubectl') return false;
  const [subcommand, ...rest] = task.args;
  // A word after it would be one of its own subcommands, as `view-last-applied`.
  const isApply = subcommand === 'apply' && rest[0]?.startsWith('-') === true;
  return isApply && !rest.some((arg) => arg === '--force' || arg.startsWith('--force='));
}
