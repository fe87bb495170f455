import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { isOnTemporal } from '../../core/traffic/lease.ts';
import type { ChainState, LeaseHolder } from '../../core/traffic/lease.ts';
import { failure, innermostMessage } from '../failures.ts';

/** The Temporal service that this worker is connected to, as holders of Leases name it. */
export interface TemporalService {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
}

/**
 * Asks Temporal whether the holder's chain of runs has ended; `unknown` where nobody here can tell. The run id tells that it is
 * the holder's Temporal, whatever address people and workers reach it by.
 */
export async function readChainState(temporal: TemporalService, holder: LeaseHolder | undefined): Promise<ChainState> {
  if (holder === undefined) return { kind: 'unknown', reason: 'its Lease names no experiment' };
  const latest = holder.temporalNamespace === temporal.namespace ? await describe(temporal, holder) : undefined;
  const isSameChain = latest?.raw.workflowExecutionInfo?.firstRunId === holder.firstRunId;
  if (latest !== undefined && isSameChain) return toChainState(latest);
  if (!isOnTemporal(holder, temporal)) {
    const where = `${holder.temporalAddress}, namespace ${holder.temporalNamespace}`;
    return { kind: 'unknown', reason: `experiment ${holder.workflowId} is on another Temporal (${where})` };
  }
  // A workflow id has one open chain at most: a later one began after the holder's had ended.
  if (latest !== undefined) return { kind: 'closed', closedAtMs: latest.startTime.getTime() };
  return { kind: 'unknown', reason: `experiment ${holder.workflowId} is not known to Temporal any more` };
}

function toChainState({ closeTime, status }: WorkflowExecutionDescription): ChainState {
  // A run that was continued as new has a successor, even if this answer is too old to know it.
  if (closeTime === undefined || status.name === 'CONTINUED_AS_NEW') return { kind: 'open' };
  return { kind: 'closed', closedAtMs: closeTime.getTime() };
}

async function describe(
  { client, address }: TemporalService,
  { workflowId }: LeaseHolder,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.withDeadline(Date.now() + 5_000, () => client.workflow.getHandle(workflowId).describe());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    const message = `cannot ask Temporal at ${address} about experiment ${workflowId}: ${innermostMessage(error)}`;
    throw failure('TemporalUnavailable', { message, cause: error });
  }
}
