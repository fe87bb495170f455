import { WorkflowNotFoundError } from '@temporalio/client';
import type { LeaseHolder } from '../../core/lease.ts';
import { withSession } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { CommandError } from '../errors.ts';
import { isOpen } from '../experiments.ts';
import { explain } from '../failures.ts';

/**
 * Makes sure that the experiment which holds a target has ended, by asking Temporal. The run id tells, and not the
 * address: workers and people may reach the same Temporal by different ones.
 *
 * Fails with `refused` when it runs, or when nobody knows.
 */
export async function assertHolderEnded(flags: ConnectionFlags, holder: LeaseHolder | undefined): Promise<void> {
  if (holder === undefined) throw doubt('its Lease names no experiment');
  const connection = { ...flags, namespace: flags.namespace ?? holder.temporalNamespace };
  const state = await withSession(connection, async ({ client, address, namespace }) => {
    const described = client.workflow.getHandle(holder.workflowId).describe();
    return described.then(
      ({ status, raw }) => ({ status: status.name, firstRunId: raw.workflowExecutionInfo?.firstRunId }),
      (error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw explain(error, { address, namespace });
      },
    );
  }).catch((error: unknown) => {
    throw doubt(error instanceof Error ? error.message : String(error));
  });
  if (state === undefined) throw doubt(`${nameOf(holder)} is not known there`);
  // A workflow id has one open chain at most: the latest run of another chain means that the holder's has ended.
  if (state.firstRunId !== holder.firstRunId || !isOpen(state.status)) return;
  const remedy = `\`serin abort ${holder.workflowId}\` brings the traffic back; if its worker cannot run, terminate it first`;
  throw new CommandError('refused', `${nameOf(holder)} is running: ${remedy}, or use --force`);
}

function nameOf({ workflowId, temporalAddress, temporalNamespace }: LeaseHolder): string {
  return `experiment ${workflowId} (namespace ${temporalNamespace} at ${temporalAddress})`;
}

function doubt(reason: string): CommandError {
  const remedy = 'point --address and --namespace to its Temporal, or use --force when it is known to have ended';
  return new CommandError(
    'refused',
    `nobody knows whether the experiment that holds the target has ended: ${reason}; ${remedy}`,
  );
}
