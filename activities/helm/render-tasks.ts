import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { Experiment, Version } from '../../core/experiment/experiment.ts';
import { defined } from '../../core/text/defined.ts';
import { describeRefusal } from '../../core/tasks/flags.ts';
import { parseHelmCommand, shownArguments } from '../../core/tasks/helm-command.ts';
import type { HelmUpgrade } from '../../core/tasks/helm-command.ts';
import type { SourceDigests } from '../../core/text/source-digests.ts';
import { finishTasksFor, isHelm, renderArgs } from '../../core/tasks/task.ts';
import type { JudgedRevision, Revisions } from '../../contract/traffic.ts';
import { formatCommand } from '../../core/tasks/redact.ts';
import { hasType, innermostMessage } from '../failures.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import type { Helm, ReleaseContent, ReleaseName, UpgradePlace } from './helm.ts';
import { missingObjectRights } from './object-rights.ts';
import { rehearse } from './rehearse.ts';
import { compareWithJudged, findTarget } from './rendered-service.ts';
import { isPending, effectivePendingLimitMs, repairPending } from './repair.ts';
import { upgradedRelease } from './run-helm.ts';

/** A helm finish action as it runs when `winner` wins. */
export interface WinnerUpgrade {
  readonly winner: Version;
  readonly upgrade: HelmUpgrade;
}

/** The helm finish actions for one winner, and why others cannot be read. */
export interface WinnerUpgrades {
  readonly upgrades: readonly WinnerUpgrade[];
  readonly problems: readonly string[];
}

/** The helm commands among the finish actions with the winner's variables; what cannot be read is a problem. */
export function helmUpgrades(experiment: Pick<Experiment, 'finish' | 'baseline'>, winner: Version): WinnerUpgrades {
  const upgrades: WinnerUpgrade[] = [];
  const problems: string[] = [];
  for (const task of finishTasksFor(experiment, winner).filter(isHelm)) {
    const rendered = renderArgs(task, winner);
    const command = rendered.kind === 'ok' ? parseHelmCommand(rendered.args) : undefined;
    const action = `finish action for ${winner.name}`;
    if (rendered.kind === 'invalid') problems.push(`${action}: ${rendered.problem}`);
    else if (command?.kind === 'upgrade') upgrades.push({ winner, upgrade: command.upgrade });
    else if (command !== undefined)
      problems.push(`${action}: ${formatCommand('helm', rendered.args)}: ${describeRefusal(command)}`);
  }
  return { upgrades, problems };
}

export interface CompareUpgradesInput {
  readonly experiment: Experiment;
  readonly upgrades: readonly WinnerUpgrade[];
  readonly revisions: Revisions;
  /** The digests that downloads must have. */
  readonly pins?: SourceDigests;
}

export interface CompareDependencies {
  readonly cluster: ActivityCluster;
  readonly helm: Helm;
}

/**
 * Renders the helm commands of one winner against the API server and compares what they would deploy with the revision
 * that was judged. Returns every difference as a sentence; fails only with what waiting may mend. Frees a release that a
 * killed helm left pending, since helm renders nothing for it until then.
 */
export async function compareUpgrades(
  dependencies: CompareDependencies,
  input: CompareUpgradesInput,
): Promise<readonly string[]> {
  const comparisons: Comparison[] = [];
  for (const upgrade of input.upgrades) comparisons.push(await compareUpgrade(dependencies, upgrade, input));
  const problems = comparisons.flatMap((comparison) => comparison.problems);
  if (problems.length > 0 || comparisons.length === 0 || comparisons.some(({ hasTarget }) => hasTarget))
    return problems;
  const releases = input.upgrades.map(({ upgrade }) => upgrade.release).join(', ');
  const target = formatObjectName(input.experiment.target);
  return [`no chart of the finish actions (release ${releases}) renders Knative Service ${target}`];
}

interface Comparison {
  /** Whether the chart renders the target at all. */
  readonly hasTarget: boolean;
  readonly problems: readonly string[];
}

async function compareUpgrade(
  { cluster, helm }: CompareDependencies,
  { winner, upgrade }: WinnerUpgrade,
  { experiment: { target }, revisions, ...pinned }: Omit<CompareUpgradesInput, 'upgrades'>,
): Promise<Comparison> {
  const name = upgradedRelease(upgrade, { target });
  const before = await startOfUpgrade({ cluster, helm }, name, effectivePendingLimitMs(helm, upgrade));
  const rendering = await render(helm, upgrade, { namespace: name.namespace, ...defined({ pins: pinned.pins }) });
  if (rendering.kind === 'failed') return { hasTarget: false, problems: [`for ${winner.name}: ${rendering.problem}`] };
  const command = formatCommand('helm', shownArguments(upgrade));
  const inContext = (problem: string): string => `for ${winner.name}, ${command}: ${problem}`;
  const manifests = { before: before?.manifest ?? '', after: rendering.manifest, namespace: name.namespace };
  const denied = (await missingObjectRights(cluster, manifests)).map(inContext);
  const place = { target, namespace: name.namespace };
  const after = await findTarget({ ...place, manifest: rendering.manifest });
  if (after === undefined) return { hasTarget: false, problems: denied };
  const judged = judgedRevision(winner, revisions);
  const wrong = compareWithJudged(after, target, judged);
  const present = await findTarget({ ...place, manifest: manifests.before });
  // A rendering that is wrong by itself would only be reported again, in Knative's words.
  const differences =
    wrong.length > 0 || present === undefined
      ? wrong
      : await rehearse(cluster, { target, judged, before: present, after });
  return { hasTarget: true, problems: [...denied, ...differences.map(inContext)] };
}

function judgedRevision({ revision }: Version, revisions: Revisions): JudgedRevision {
  const judged = revisions.find((one) => one.revision === revision);
  if (judged === undefined) throw new Error(`revision ${revision} was not looked up before`);
  return judged;
}

/** The release that helm compares the new manifest with: its newest deployed revision. A pending one is repaired first. */
async function startOfUpgrade(
  { cluster, helm }: CompareDependencies,
  name: ReleaseName,
  limitMs: number,
): Promise<ReleaseContent | undefined> {
  const newest = await helm.status(name);
  if (newest === undefined || newest.status === 'deployed') return newest?.content;
  if (isPending(newest)) await repairPending(cluster, name, newest, limitMs);
  return ((await helm.deployed(name)) ?? newest).content;
}

type Rendering =
  { readonly kind: 'rendered'; readonly manifest: string } | { readonly kind: 'failed'; readonly problem: string };

/** Renders the upgrade. A failure of helm is a problem to be listed; an outage is thrown. */
async function render(helm: Helm, upgrade: HelmUpgrade, place: UpgradePlace): Promise<Rendering> {
  try {
    const { manifest } = await helm.render(upgrade, place);
    return { kind: 'rendered', manifest };
  } catch (error) {
    if (!hasType(error, 'CommandFailed', 'CommandLost', 'Forbidden', 'AddressNotAllowed', 'PromotionMismatch'))
      throw error;
    return { kind: 'failed', problem: innermostMessage(error) };
  }
}
