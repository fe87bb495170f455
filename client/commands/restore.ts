import type { V1Lease } from '@kubernetes/client-node';
import { formatRestoreId } from '../../core/traffic/fencing.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { formatDuration } from '../../core/text/duration.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { CommandError } from '../errors.ts';
import { loadKubeConfig } from '../../kubernetes/kubeconfig.ts';
import type { KubernetesFlags } from '../../kubernetes/kubeconfig.ts';
import { connectRestoreCluster } from '../../kubernetes/restore-cluster.ts';
import { baselineIn, holderIn, lateTaskMs } from '../../kubernetes/lease.ts';
import { awaitBaseline, keepBaseline, writeBaseline } from '../../kubernetes/restore-traffic.ts';
import { assertHolderEnded } from '../temporal/holder.ts';

export interface RestoreFlags extends KubernetesFlags {
  /** The revision to restore; the one in the target's Lease if absent. */
  readonly baseline?: string;
  /** Whether to restore even though the experiment that holds the target runs, or may run. */
  readonly force: boolean;
  /** How long to wait for the cluster to confirm. */
  readonly timeoutMs: number;
}

/**
 * `serin restore NAMESPACE/NAME`: puts a target back to 100 % baseline from its Lease alone, when its experiment cannot run
 * any more, and deletes the Lease.
 */
export async function restoreCommand(
  context: CommandContext,
  { target: name, flags }: { readonly target: string; readonly flags: RestoreFlags },
): Promise<CommandResult> {
  const target = parseTarget(name);
  const cluster = connectRestoreCluster(loadKubeConfig(flags));
  const lease = await cluster.readLease(target);
  const baseline = flags.baseline ?? requireBaseline(lease, name);
  if (lease !== undefined && !flags.force) await assertHolderEnded(context.connection, holderIn(lease));

  const startedAtMs = performance.now();
  const plan = formatRestoreId(new Date());
  // From here on a late write of the old run is refused, since it does not hold the Lease any more.
  const taken = lease && (await cluster.takeLease(target, lease, plan));
  await writeBaseline(cluster, { target, baseline, plan });
  say(context, `${name}: 100 % of the traffic is written to ${baseline}`);
  const { interrupted: signal } = context.terminal;
  await awaitBaseline(cluster, { target, baseline, plan, signal, limitMs: flags.timeoutMs });
  const confirmedAfterMs = Math.round(performance.now() - startedAtMs);
  say(context, `${name}: confirmed by the cluster after ${formatDuration(confirmedAfterMs)}`);
  const lateMs = lateTaskMs(lease);
  if (lateMs > 0) {
    say(
      context,
      `A task of the old run may be at work for another ${formatDuration(lateMs)}: the traffic is watched for as long.`,
    );
    await keepBaseline(cluster, { target, baseline, plan, forMs: lateMs, signal });
  }
  if (taken !== undefined) await cluster.deleteLease(target, taken);
  say(context, taken === undefined ? 'It had no Lease.' : 'Its Lease is deleted: the next experiment may begin.');
  return { exitCode: 0, json: { target: name, baseline, plan, confirmedAfterMs, leaseDeleted: taken !== undefined } };
}

/** Reads `namespace/name` as it is typed; fails with `usage` for anything else. */
export function parseTarget(text: string): ObjectName {
  const [namespace, name, ...rest] = text.split('/');
  if (namespace && name && rest.length === 0) return { namespace, name };
  throw new CommandError('usage', `expected a target as namespace/name, got ${text}`);
}

function requireBaseline(lease: V1Lease | undefined, target: string): string {
  const baseline = lease && baselineIn(lease);
  if (baseline !== undefined) return baseline;
  const why =
    lease === undefined
      ? `${target} has no Lease`
      : `the Lease of ${target} names no baseline: its experiment had not written yet`;
  throw new CommandError('usage', `${why}; name the revision with --baseline`);
}
