import type { Experiment, Version } from '../experiment/experiment.ts';
import { finishTasksFor, mayDeploy } from './task.ts';
import { isRehearsableApply, parseKubectlCommand } from './kubectl-command.ts';
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
 * Whether the winner's template may come back under another name: after a roll back the traffic stays on the baseline by its name,
 * and the latest revision gets none of it.
 */
export function mayRepeatRevision(experiment: Experiment, { name }: Version): boolean {
  return movesTraffic(experiment) && name === experiment.baseline.name;
}

/**
 * The `kubectl apply` finish actions for a winner that can be rehearsed with a dry run before the experiment. They
 * may need what a command or a script does before them, so only those that come first qualify, and none after loop
 * actions that may deploy.
 */
export function rehearsableApplies(experiment: Experiment, winner: Version): readonly ExecTask[] {
  if (experiment.loop.some(mayDeploy)) return [];
  const deploying = finishTasksFor(experiment, winner).filter(mayDeploy);
  const end = deploying.findIndex((task) => !isRehearsable(task));
  return deploying.slice(0, end === -1 ? undefined : end).filter(isRehearsable);
}

/** Whether a task is an apply that can run dry; kubectl refuses that together with `--force`. */
function isRehearsable(task: Task): task is ExecTask {
  if (task.kind !== 'exec' || task.command !== 'kubectl') return false;
  const command = parseKubectlCommand(task.args);
  return command.kind === 'call' && isRehearsableApply(command.call);
}
