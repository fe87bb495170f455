import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { Experiment, Version } from '../../core/experiment/experiment.ts';
import { defined } from '../../core/text/defined.ts';
import { describeRefusal, hasFlag } from '../../core/tasks/flags.ts';
import { parseHelmCommand, shownArguments } from '../../core/tasks/helm-command.ts';
import type { HelmUpgrade } from '../../core/tasks/helm-command.ts';
import type { SourceDigests } from '../../core/text/source-digests.ts';
import { mayRepeatRevision } from '../../core/tasks/rehearsal.ts';
import { finishTasksFor, isHelm, renderArgs } from '../../core/tasks/task.ts';
import type { JudgedRevision, Revisions } from '../../contract/traffic.ts';
import { formatCommand } from '../../core/tasks/redact.ts';
import type { WinnerProblem } from '../../core/tasks/winner-problems.ts';
import { hasType, innermostMessage } from '../failures.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { dryRunFlags } from './helm.ts';
import type { Helm, ReleaseName, RenderedRelease, UpgradePlace } from './helm.ts';
import { upgradeHooks } from './hooks.ts';
import type { ReleaseHook } from './hooks.ts';
import type { ReleaseContent } from './release-content.ts';
import { missingObjectRights } from './object-rights.ts';
import { rehearse } from './rehearse.ts';
import { recordProblem } from './release-record.ts';
import { compareWithJudged, findTarget } from './rendered-service.ts';
import type { RenderedTarget } from './rendered-service.ts';
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
): Promise<ComparedUpgrades> {
  const comparisons: Comparison[] = [];
  for (const upgrade of input.upgrades) comparisons.push(await compareUpgrade(dependencies, upgrade, input));
  const problems = comparisons.flatMap((comparison) => comparison.problems);
  const renderings = comparisons.flatMap(({ rendered }) => rendered ?? []);
  if (problems.length > 0 || comparisons.length === 0 || comparisons.some(({ hasTarget }) => hasTarget))
    return { problems, renderings };
  const releases = input.upgrades.map(({ upgrade }) => upgrade.release).join(', ');
  const target = formatObjectName(input.experiment.target);
  const problem = `no chart of the finish actions (release ${releases}) renders Knative Service ${target}`;
  return { problems: input.upgrades.map(({ winner }) => ({ winner: winner.name, problem })), renderings };
}

/** What the upgrades of one winner would deploy. */
export interface ComparedUpgrades {
  /** Every difference from what was judged. */
  readonly problems: readonly WinnerProblem[];
  /** One for each upgrade that could be rendered, in their order. */
  readonly renderings: readonly RenderedUpgrade[];
}

/** An upgrade and what it would deploy, rendered at a time by `performance.now()`. */
export interface RenderedUpgrade extends WinnerUpgrade, RenderedRelease {
  readonly atMs: number;
}

interface Comparison {
  /** Whether the chart renders the target at all. */
  readonly hasTarget: boolean;
  readonly problems: readonly WinnerProblem[];
  readonly rendered?: RenderedUpgrade;
}

async function compareUpgrade(
  { cluster, helm }: CompareDependencies,
  { winner, upgrade }: WinnerUpgrade,
  { experiment, revisions, ...pinned }: Omit<CompareUpgradesInput, 'upgrades'>,
): Promise<Comparison> {
  const { target } = experiment;
  const name = upgradedRelease(upgrade, { target });
  const before = await startOfUpgrade({ cluster, helm }, name, effectivePendingLimitMs(helm, upgrade));
  const rendering = await render(helm, upgrade, { namespace: name.namespace, ...defined({ pins: pinned.pins }) });
  if (rendering.kind === 'failed') return { hasTarget: false, problems: [{ winner: winner.name, ...rendering }] };
  const command = formatCommand('helm', shownArguments(upgrade));
  const inContext = (problem: string): WinnerProblem => ({ winner: winner.name, command, problem });
  const { content } = rendering;
  const rendered = { winner, upgrade, ...rendering, atMs: performance.now() };
  const tooLarge = recordProblem(rendering.recordBytes);
  const hooks = hasFlag(upgrade.flags, '--no-hooks') ? [] : upgradeHooks(content.hooks).map(({ manifest }) => manifest);
  const manifests = { before: before?.manifest ?? '', after: content.manifest, hooks, namespace: name.namespace };
  const place = { target, namespace: name.namespace };
  const unfit = [
    ...(tooLarge === undefined ? [] : [tooLarge]),
    ...(await missingObjectRights(cluster, manifests)),
    ...(await targetAsHook(content.hooks, place)),
  ].map(inContext);
  const after = await findTarget({ ...place, manifest: content.manifest });
  if (after === undefined) return { hasTarget: false, problems: unfit, rendered };
  const judged = judgedRevision(winner, revisions);
  const mayRepeat = mayRepeatRevision(experiment, winner);
  const wrong = compareWithJudged(after, { target, judged, mayRepeat });
  const present = await findTarget({ ...place, manifest: manifests.before });
  // A rendering that is wrong by itself would only be reported again, in Knative's words.
  const differences =
    wrong.length > 0 || present === undefined
      ? wrong
      : await rehearse(cluster, { target, judged, mayRepeat, before: present, after });
  return { hasTarget: true, problems: [...unfit, ...differences.map(inContext)], rendered };
}

/** A target that is a hook, whatever the event: helm deletes hooks before it creates them, and the traffic with them. */
async function targetAsHook(
  hooks: readonly ReleaseHook[],
  place: Omit<RenderedTarget, 'manifest'>,
): Promise<readonly string[]> {
  const manifest = hooks.map((hook) => hook.manifest).join('\n---\n');
  if ((await findTarget({ ...place, manifest })) === undefined) return [];
  const name = formatObjectName(place.target);
  return [
    `Knative Service ${name} is rendered as a hook, which helm deletes and creates anew; take helm.sh/hook out of it`,
  ];
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

export type Rendering =
  | ({ readonly kind: 'rendered' } & RenderedRelease)
  | ({ readonly kind: 'failed' } & Pick<WinnerProblem, 'command' | 'problem'>);

/** Renders the upgrade. A failure of helm is a problem to be listed; an outage is thrown. */
export async function render(helm: Helm, upgrade: HelmUpgrade, place: UpgradePlace): Promise<Rendering> {
  try {
    return { kind: 'rendered', ...(await helm.render(upgrade, place)) };
  } catch (error) {
    if (!hasType(error, 'CommandFailed', 'CommandLost', 'Forbidden', 'AddressNotAllowed', 'PromotionMismatch'))
      throw error;
    return { kind: 'failed', ...withoutCommand(innermostMessage(error), upgrade) };
  }
}

/** A message about a command that begins with it: versions whose commands differ may have one and the same problem. */
function withoutCommand(message: string, upgrade: HelmUpgrade): Pick<WinnerProblem, 'command' | 'problem'> {
  const subject = `helm upgrade ${upgrade.release} `;
  const end = message.startsWith(subject) ? message.indexOf(dryRunFlags.join(' ')) : -1;
  if (end === -1) return { problem: message };
  const rest = message.slice(end + dryRunFlags.join(' ').length).trimStart();
  return { command: message.slice(0, end).trimEnd(), problem: rest };
}
