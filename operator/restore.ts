import { formatRestoreId } from '../core/traffic/fencing.ts';
import { formatObjectName } from '../core/experiment/experiment.ts';
import type { ObjectName } from '../core/experiment/experiment.ts';
import { KubernetesFailure } from '../kubernetes/failure.ts';
import { baselineIn, holderIn, lateTaskMs } from '../kubernetes/lease.ts';
import type { RestoreCluster } from '../kubernetes/restore-cluster.ts';
import { awaitBaseline, isOnBaseline, keepBaseline, writeBaseline } from '../kubernetes/restore-traffic.ts';

/** The result of restoring traffic without its run. */
export type RestoreResult =
  | {
      readonly kind: 'restored';
      readonly message: string;
      /** Waits for the cluster's confirmation, watches for late writes of the run, and deletes the target's Lease. */
      readonly tidyUp: (signal: AbortSignal) => Promise<void>;
    }
  /** The run does not own the target, or has not written to it, or has made it safe by itself. */
  | { readonly kind: 'untouched' }
  /** `isPassing`: another attempt may succeed. */
  | { readonly kind: 'failed'; readonly message: string; readonly isPassing: boolean };

export interface RestoreRequest {
  readonly cluster: RestoreCluster;
  readonly target: ObjectName;
  readonly workflowId: string;
  /** Whether the run has the abort: then it shifts nothing any more, and a baseline that it has written suffices. */
  readonly isAbortDelivered: boolean;
}

/** How long Knative may take to report the write. */
const confirmationLimitMs = 60_000;

/**
 * Puts the traffic back to 100 % baseline without the run, as `serin restore` does: only if the run holds the target's
 * Lease, which is taken from it first, so that its later writes are refused.
 */
export async function restoreWithoutRun({
  cluster,
  target,
  workflowId,
  isAbortDelivered,
}: RestoreRequest): Promise<RestoreResult> {
  try {
    const lease = await cluster.readLease(target);
    if (lease === undefined || holderIn(lease)?.workflowId !== workflowId) return { kind: 'untouched' };
    const baseline = baselineIn(lease);
    if (baseline === undefined) return { kind: 'untouched' };
    if (isAbortDelivered && isOnBaseline(await cluster.readService(target), baseline)) return { kind: 'untouched' };
    const plan = formatRestoreId(new Date());
    const taken = await cluster.takeLease(target, lease, plan);
    await writeBaseline(cluster, { target, baseline, plan });
    return {
      kind: 'restored',
      message: `100 % of the traffic of ${formatObjectName(target)} is written to ${baseline} by the operator`,
      tidyUp: async (signal) => {
        await awaitBaseline(cluster, { target, baseline, plan, signal, limitMs: confirmationLimitMs });
        await keepBaseline(cluster, { target, baseline, plan, forMs: lateTaskMs(lease), signal });
        await cluster.deleteLease(target, taken);
      },
    };
  } catch (error) {
    if (!(error instanceof KubernetesFailure)) throw error;
    // Without an answer nothing is known, and the finalizer could not be removed either: it is tried again.
    if (error.kind === 'unreachable') throw error;
    const message = `${error.message}; \`serin restore ${formatObjectName(target)}\` is needed`;
    return { kind: 'failed', message, isPassing: error.kind === 'busy' || error.kind === 'refused' };
  }
}
