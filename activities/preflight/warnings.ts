import type { Experiment } from '../../core/experiment/experiment.ts';
import { allVersions } from '../../core/experiment/versions.ts';
import { rehearsableApplies, possibleWinners } from '../../core/tasks/rehearsal.ts';
import type { Task } from '../../core/experiment/task-kinds.ts';
import { requiredCommand, finishTasksFor, isHelm, mayDeploy } from '../../core/tasks/task.ts';
import { helmUpgrades } from '../helm/render-tasks.ts';

const atomicWarning =
  '--atomic: a failing helm goes back to its previous revision by itself, with the traffic that it rendered then';

/** What a person should know before the run begins, although nothing forbids it. */
export function preflightWarnings(experiment: Experiment): readonly string[] {
  const blind = experiment.finish.filter((task) => mayDeploy(task) && !isHelm(task) && !isRehearsed(task, experiment));
  const general = new Set(blind.flatMap((task) => requiredCommand(task) ?? []));
  const upgrades = allVersions(experiment).flatMap((version) => helmUpgrades(experiment, version).upgrades);
  const isAtomic = upgrades.some(({ upgrade }) => upgrade.isAtomic);
  return [
    ...[...general].map((command) => {
      return `finish action ${command}: its effect cannot be compared with the judged revision before it runs`;
    }),
    ...(isAtomic ? [atomicWarning] : []),
  ];
}

/** Whether the task is rehearsed for every winner that it runs for. */
function isRehearsed(task: Task, experiment: Experiment): boolean {
  return possibleWinners(experiment).every((winner) => {
    const isRun = finishTasksFor(experiment, winner).includes(task);
    return !isRun || rehearsableApplies(experiment, winner).some((one) => one === task);
  });
}
