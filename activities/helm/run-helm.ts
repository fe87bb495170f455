import { isDeepStrictEqual } from 'node:util';
import { defined } from '../../core/text/defined.ts';
import { describeRefusal } from '../../core/tasks/flags.ts';
import { parseHelmCommand, shownArguments } from '../../core/tasks/helm-command.ts';
import type { HelmUpgrade } from '../../core/tasks/helm-command.ts';
import type { RunTaskInput, RunTaskResult } from '../../contract/tasks.ts';
import { hasSucceeded } from '../commands/command-failure.ts';
import { redactOutput } from '../../core/tasks/redact.ts';
import { refuseCommand } from '../commands/run-command.ts';
import type { ProcessResult } from '../commands/run-process.ts';
import { failure } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { raiseLease } from '../knative/lease.ts';
import type { Helm, ReleaseName, ReleaseState, UpgradePlace } from './helm.ts';
import { helmFailure } from './helm-failure.ts';
import { describeRelease, isPending, effectivePendingLimitMs, repairPending } from './repair.ts';

export interface HelmDependencies {
  readonly cluster: ActivityCluster;
  readonly helm: Helm;
  readonly allowedCommands: readonly string[];
}

/**
 * Runs `helm upgrade` once, however often it is tried: reads the release first, repairs one that was left pending, and does
 * nothing where the release is already as wanted.
 */
export async function runHelm(dependencies: HelmDependencies, input: RunTaskInput): Promise<RunTaskResult> {
  const refusal = refuseCommand(input.command, dependencies.allowedCommands);
  if (refusal !== undefined) throw failure('CommandNotAllowed', { message: refusal });
  const upgrade = parseUpgrade(input);
  return withHeartbeats(async () => {
    await raiseLease(dependencies.cluster, input, input.limitMs);
    return bringAbout(dependencies, input, upgrade);
  });
}

function parseUpgrade({ args }: RunTaskInput): HelmUpgrade {
  const command = parseHelmCommand(args);
  if (command.kind === 'upgrade') return command.upgrade;
  throw failure('CommandNotAllowed', { message: describeRefusal(command) });
}

async function bringAbout(
  { cluster, helm }: HelmDependencies,
  input: RunTaskInput,
  upgrade: HelmUpgrade,
): Promise<RunTaskResult> {
  const startedAtMs = performance.now();
  const name = upgradedRelease(upgrade, input);
  const place = { namespace: name.namespace, ...defined({ pins: input.pins }) };
  const before = await helm.status(name);
  if (before !== undefined && isPending(before))
    await repairPending(cluster, name, before, effectivePendingLimitMs(helm, upgrade));
  if (before?.status === 'deployed' && (await isAsWanted(helm, upgrade, { ...place, before }))) {
    return {
      output: `${describeRelease(name, before)}: already as wanted, nothing to do`,
      release: releaseFacts(name, before),
    };
  }
  const limitMs = Math.max(1_000, input.limitMs - (performance.now() - startedAtMs));
  const result = await helm.upgrade(upgrade, { ...place, limitMs });
  if (!hasSucceeded(result)) throw await upgradeFailure({ helm, upgrade, name, result, limitMs });
  const after = await helm.status(name);
  const output = redactOutput(result.stdout.trim(), shownArguments(upgrade));
  return { output, ...defined({ release: after && releaseFacts(name, after) }) };
}

/** The release that the upgrade is about: in the target's namespace unless the arguments say otherwise. */
export function upgradedRelease(
  { release, namespace }: HelmUpgrade,
  { target }: Pick<RunTaskInput, 'target'>,
): ReleaseName {
  return { release, namespace: namespace ?? target.namespace };
}

/** Whether the deployed revision is what the upgrade would deploy: another one would only add to the history. */
async function isAsWanted(
  helm: Helm,
  upgrade: HelmUpgrade,
  { before, ...place }: UpgradePlace & { readonly before: ReleaseState },
): Promise<boolean> {
  const { content } = await helm.render(upgrade, place);
  return isDeepStrictEqual(content, before.content);
}

interface FailedUpgrade {
  readonly helm: Helm;
  readonly upgrade: HelmUpgrade;
  readonly name: ReleaseName;
  readonly result: ProcessResult;
  readonly limitMs: number;
}

async function upgradeFailure({ helm, upgrade, name, result, limitMs }: FailedUpgrade): Promise<Error> {
  const args = shownArguments(upgrade, name.namespace);
  const after = await helm.status(name).catch(() => undefined);
  const state =
    after === undefined ? `release ${name.namespace}/${name.release} is not known` : describeRelease(name, after);
  const history = `helm history ${name.release} --namespace ${name.namespace}`;
  return helmFailure({ args, result, limitMs }, [
    ...(result.stderr.includes('without a name change') ? [sameNameHint] : []),
    `${state}; see \`${history}\`; when the cause is mended, run the command above again`,
  ]);
}

/** Explains Knative's refusal, whose words are hard to read. */
const sameNameHint =
  'the chart renders a revision that exists already, with another template: give the new template a new revision name';

function releaseFacts(name: ReleaseName, { revision, status }: ReleaseState): NonNullable<RunTaskResult['release']> {
  return { name: name.release, namespace: name.namespace, revision, status };
}
