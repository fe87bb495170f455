import { WorkflowNotFoundError } from '@temporalio/client';
import type { LeaseHolder } from '../../core/traffic/lease.ts';
import { withSession } from './connection.ts';
import type { ConnectionFlags } from '../context.ts';
import { CommandError } from '../errors.ts';
import { isOpen } from './experiments.ts';
import { explainClientError } from './failures.ts';

/** What Temporal says about the experiment that holds a target. */
export type HolderState =
  | { readonly kind: 'running' }
  | { readonly kind: 'ended' }
  /** Nobody knows. */
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Asks Temporal for the experiment that holds a target. The run id tells, and not the address: workers and people may
 * reach the same Temporal by different ones.
 */
export async function stateOfHolder(flags: ConnectionFlags, holder: LeaseHolder): Promise<HolderState> {
  const connection = { ...flags, namespace: flags.namespace ?? holder.temporalNamespace };
  try {
    return await withSession(connection, async ({ client, address, namespace }): Promise<HolderState> => {
      const described = client.workflow.getHandle(holder.workflowId).describe();
      return described.then(
        ({ status, raw }): HolderState => {
          // A workflow id has one open chain at most: the latest run of another chain means that the holder's has ended.
          const isHolders = raw.workflowExecutionInfo?.firstRunId === holder.firstRunId;
          return { kind: isHolders && isOpen(status.name) ? 'running' : 'ended' };
        },
        (error: unknown): HolderState => {
          if (!(error instanceof WorkflowNotFoundError)) throw explainClientError(error, { address, namespace });
          return { kind: 'unknown', reason: `${holderName(holder)} is not known there` };
        },
      );
    });
  } catch (error) {
    return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Makes sure that the experiment which holds a target has ended.
 *
 * Fails with `refused` when it runs, or when nobody knows.
 */
export async function assertHolderEnded(flags: ConnectionFlags, holder: LeaseHolder | undefined): Promise<void> {
  if (holder === undefined) throw doubt('its Lease names no experiment');
  const state = await stateOfHolder(flags, holder);
  switch (state.kind) {
    case 'ended':
      return;
    case 'unknown':
      throw doubt(state.reason);
    case 'running': {
      const remedy = `\`serin abort ${holder.workflowId}\` brings the traffic back; if its worker cannot run, terminate it first`;
      throw new CommandError('refused', `${holderName(holder)} is running: ${remedy}, or use --force`);
    }
  }
}

function holderName({ workflowId, temporalAddress, temporalNamespace }: LeaseHolder): string {
  return `experiment ${workflowId} (namespace ${temporalNamespace} at ${temporalAddress})`;
}

function doubt(reason: string): CommandError {
  const remedy = 'point --address and --namespace to its Temporal, or use --force when it is known to have ended';
  return new CommandError(
    'refused',
    `nobody knows whether the experiment that holds the target has ended: ${reason}; ${remedy}`,
  );
}
