import type { Experiment } from '../../core/experiment.ts';
import { versionsOf } from '../../core/versions.ts';
import { commandOf, mayDeploy } from '../../core/task.ts';
import { helmUpgrades } from '../helm/render-tasks.ts';

const atomicWarning =
  '--atomic: a failing helm goes back to its previous revision by itself, with the traffic that it rendered then';

/** What a person should know before the run begins, although nothing forbids it. */
export function warningsOf(experiment: Experiment): readonly string[] {
  const commands = new Set(experiment.finish.filter(mayDeploy).flatMap((task) => commandOf(task) ?? []));
  const general = [...commands].filter((command) => command !== 'helm');
  const upgrades = versionsOf(experiment).flatMap((version) => helmUpgrades(experiment, version).upgrades);
  const isAtomic = upgrades.some(({ upgrade }) => upgrade.isAtomic);
  return [
    ...general.map((command) => {
      return `finish action ${command}: its effect cannot be compared with the judged revision before it runs`;
    }),
    ...(isAtomic ? [atomicWarning] : []),
  ];
}
