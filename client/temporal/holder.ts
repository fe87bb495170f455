import type { ChainState, LeaseHolder } from '../../core/traffic/lease.ts';
import { readTaskFailure } from '../../temporal/failing-task.ts';
import { readChainState } from '../../temporal/holder.ts';
import { describeWorkflow, isClosed } from '../../temporal/read-run.ts';
import { withSession } from './connection.ts';
import type { ConnectionFlags } from '../context.ts';
import { CommandError } from '../errors.ts';

/**
 * Asks Temporal for the state of the experiment that holds a target. Users may reach its Temporal by another address than
 * the workers, so the one that `flags` name is taken to be the same service.
 */
export async function readHolder(flags: ConnectionFlags, holder: LeaseHolder): Promise<ChainState> {
  const { temporalAddress: address, temporalNamespace } = holder;
  const connection = { ...flags, namespace: flags.namespace ?? temporalNamespace };
  try {
    const chain = await withSession(connection, ({ client }) =>
      readChainState({ client, address, namespace: temporalNamespace }, holder),
    );
    return chain.kind === 'unknown' ? { ...chain, reason: `${holderName(holder)} is not known there` } : chain;
  } catch (error) {
    return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Why the workflow task of the experiment that holds a target fails; undefined when it does not, or is not known. */
export async function readHolderFault(
  flags: ConnectionFlags,
  { workflowId, temporalNamespace }: LeaseHolder,
): Promise<string | undefined> {
  const connection = { ...flags, namespace: flags.namespace ?? temporalNamespace };
  return withSession(connection, async ({ client }) => {
    const run = await describeWorkflow(client, workflowId);
    return run === undefined || isClosed(run) ? undefined : readTaskFailure(client, run);
  });
}

/**
 * Makes sure that the experiment which holds a target has ended.
 *
 * Fails with `refused` when it runs, or when its state is not known.
 */
export async function assertHolderEnded(flags: ConnectionFlags, holder: LeaseHolder | undefined): Promise<void> {
  if (holder === undefined) throw doubt('its Lease names no experiment');
  const chain = await readHolder(flags, holder);
  switch (chain.kind) {
    case 'closed':
      return;
    case 'unknown':
      throw doubt(chain.reason);
    case 'open': {
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
