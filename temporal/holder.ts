import type { WorkflowExecutionDescription } from '@temporalio/client';
import { isOnTemporal } from '../core/traffic/lease.ts';
import type { ChainState, LeaseHolder } from '../core/traffic/lease.ts';
import { callWithin } from './grpc.ts';
import { describeWorkflow, isClosed } from './read-run.ts';
import type { TemporalService } from './settings.ts';

const limitMs = 5_000;

/**
 * Asks Temporal whether the holder's chain of runs has ended; `unknown` where this Temporal does not know it. The first run id
 * identifies the holder's Temporal, since people and workers may reach it by different addresses.
 */
export async function readChainState(temporal: TemporalService, holder: LeaseHolder): Promise<ChainState> {
  const { client, namespace } = temporal;
  const { workflowId, firstRunId, temporalAddress, temporalNamespace } = holder;
  const isHere = temporalNamespace === namespace;
  const latest = isHere ? await callWithin(client, limitMs, () => describeWorkflow(client, workflowId)) : undefined;
  if (latest?.raw.workflowExecutionInfo?.firstRunId === firstRunId) return toChainState(latest);
  if (!isOnTemporal(holder, temporal)) {
    const where = `${temporalAddress}, namespace ${temporalNamespace}`;
    return { kind: 'unknown', reason: `experiment ${workflowId} is on another Temporal (${where})` };
  }
  // A workflow id has one open chain at most: a later one began after the holder's had ended.
  if (latest !== undefined) return { kind: 'closed', closedAtMs: latest.startTime.getTime() };
  return { kind: 'unknown', reason: `experiment ${workflowId} is not known to Temporal any more` };
}

/**
 * When the first run of the holder's chain began, epoch ms. One that Temporal does not know any more began before all that it knows:
 * 0.
 */
export async function readChainStart({ client }: TemporalService, holder: LeaseHolder): Promise<number> {
  const { workflowId, firstRunId } = holder;
  const first = await callWithin(client, limitMs, () => describeWorkflow(client, workflowId, firstRunId));
  return first?.startTime.getTime() ?? 0;
}

function toChainState(latest: WorkflowExecutionDescription): ChainState {
  const { closeTime } = latest;
  if (closeTime === undefined || !isClosed(latest)) return { kind: 'open' };
  return { kind: 'closed', closedAtMs: closeTime.getTime() };
}
