import type { Experiment } from '../../core/experiment/experiment.ts';
import { possibleWinners } from '../../core/tasks/rehearsal.ts';
import type { Revisions } from '../../contract/traffic.ts';
import type { ClusterAccess } from '../accounts.ts';
import { compareUpgrades, helmUpgrades } from '../helm/render-tasks.ts';
import type { WinnerUpgrade } from '../helm/render-tasks.ts';
import { releaseProblem, upgradedReleases, unsupportedHelm } from './releases.ts';
import { missingHelmRights } from './rights.ts';

/** Everything about the helm finish actions that would keep one of the winners from being deployed as judged. */
export async function helmProblems(
  access: ClusterAccess,
  experiment: Experiment,
  revisions: Revisions,
): Promise<readonly string[]> {
  const { cluster, helm } = access;
  const winners = possibleWinners(experiment).map((winner) => helmUpgrades(experiment, winner));
  const unreadable = winners.flatMap(({ problems }) => problems);
  const upgrades = winners.map((winner) => winner.upgrades);
  if (upgrades.flat().length === 0) return unreadable;
  const unusable = [
    ...listed(await unsupportedHelm(helm)),
    ...(await deniedNamespaces(access, experiment, upgrades.flat())),
  ];
  // Without them the checks below cannot be made.
  if (unusable.length > 0) return [...unreadable, ...unusable];
  const problems: string[] = [...unreadable];
  for (const release of upgradedReleases(upgrades.flat(), experiment)) {
    problems.push(...listed(await releaseProblem(helm, release)));
  }
  if (problems.length > 0) return problems;
  for (const ofWinner of upgrades) {
    problems.push(...(await compareUpgrades({ cluster, helm }, { experiment, upgrades: ofWinner, revisions })));
  }
  return problems;
}

/** Every namespace in which helm cannot keep its records, in one sentence each. */
async function deniedNamespaces(
  access: ClusterAccess,
  experiment: Experiment,
  upgrades: readonly WinnerUpgrade[],
): Promise<readonly string[]> {
  const namespaces = new Set(upgradedReleases(upgrades, experiment).map(({ namespace }) => namespace));
  const denied = await Promise.all([...namespaces].map((namespace) => missingHelmRights(access, namespace)));
  return denied.flatMap(listed);
}

function listed(problem: string | undefined): readonly string[] {
  return problem === undefined ? [] : [problem];
}
