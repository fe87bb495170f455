import type { Experiment } from '../../core/experiment/experiment.ts';
import type { SourceDigests } from '../../core/text/source-digests.ts';
import { listWinnerProblems } from '../../core/tasks/winner-problems.ts';
import type { WinnerProblem } from '../../core/tasks/winner-problems.ts';
import { possibleWinners } from '../../core/tasks/rehearsal.ts';
import type { Revisions } from '../../contract/traffic.ts';
import type { ClusterAccess } from '../accounts.ts';
import { hasType, innermostMessage } from '../failures.ts';
import type { Helm } from '../helm/helm.ts';
import { compareUpgrades, helmUpgrades } from '../helm/render-tasks.ts';
import type { RenderedUpgrade, WinnerUpgrade } from '../helm/render-tasks.ts';
import { renderingDigest } from '../helm/rendering-digest.ts';
import { checkVariation } from './variation.ts';
import { releaseProblem, upgradedReleases, unsupportedHelm } from './releases.ts';
import { missingHelmRights } from './rights.ts';

export interface HelmFindings {
  /** Everything that would keep one of the winners from being deployed as judged. */
  readonly problems: readonly string[];
  /** Digests of what the finish actions download. */
  readonly pins: SourceDigests;
  /** Digests of what the finish actions would deploy, by the winner's name. */
  readonly digests: Readonly<Record<string, string>>;
  /** What only the promotion itself can show. */
  readonly warnings: readonly string[];
}

/** Checks the helm finish actions for all possible winners. */
export async function checkHelm(
  access: ClusterAccess,
  experiment: Experiment,
  revisions: Revisions,
): Promise<HelmFindings> {
  const { cluster, helm } = access;
  const winners = possibleWinners(experiment).map((winner) => helmUpgrades(experiment, winner));
  const unreadable = winners.flatMap(({ problems }) => problems);
  const upgrades = winners.map((winner) => winner.upgrades);
  if (upgrades.flat().length === 0) return failed(unreadable);
  const unusable = [
    ...listed(await unsupportedHelm(helm)),
    ...(await deniedNamespaces(access, experiment, upgrades.flat())),
  ];
  // Without them the checks below cannot be made.
  if (unusable.length > 0) return failed([...unreadable, ...unusable]);
  const problems: string[] = [...unreadable];
  for (const release of upgradedReleases(upgrades.flat(), experiment)) {
    problems.push(...listed(await releaseProblem(helm, release)));
  }
  if (problems.length > 0) return failed(problems);
  const downloads = await pinDownloads(helm, upgrades.flat());
  if (downloads.problems.length > 0) return failed(downloads.problems);
  const { pins } = downloads;
  const renderings: RenderedUpgrade[] = [];
  const ofWinners: WinnerProblem[] = [];
  for (const ofWinner of upgrades) {
    const input = { experiment, upgrades: ofWinner, revisions, pins };
    const compared = await compareUpgrades({ cluster, helm }, input);
    ofWinners.push(...compared.problems);
    renderings.push(...compared.renderings);
  }
  const variation = await checkVariation(helm, { experiment, renderings, pins });
  const digests = digestsByWinner(renderings);
  return {
    problems: [...listWinnerProblems(ofWinners), ...variation.problems],
    pins,
    digests,
    warnings: variation.warnings,
  };
}

function failed(problems: readonly string[]): HelmFindings {
  return { problems, pins: {}, digests: {}, warnings: [] };
}

function digestsByWinner(renderings: readonly RenderedUpgrade[]): HelmFindings['digests'] {
  const byWinner = Map.groupBy(renderings, ({ winner }) => winner.name);
  return Object.fromEntries(
    [...byWinner].map(([name, ofWinner]) => [name, renderingDigest(ofWinner.map(({ content }) => content))]),
  );
}

async function pinDownloads(
  helm: Helm,
  upgrades: readonly WinnerUpgrade[],
): Promise<Pick<HelmFindings, 'problems' | 'pins'>> {
  const problems: WinnerProblem[] = [];
  const pins: Record<string, string> = {};
  for (const { winner, upgrade } of upgrades) {
    try {
      Object.assign(pins, await helm.digests(upgrade));
    } catch (error) {
      if (!hasType(error, 'CommandFailed', 'CommandLost', 'AddressNotAllowed')) throw error;
      problems.push({ winner: winner.name, problem: innermostMessage(error) });
    }
  }
  return { problems: listWinnerProblems(problems), pins };
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
