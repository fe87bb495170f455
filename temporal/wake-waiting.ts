import type { Stage } from '../core/experiment/stage.ts';
import { formatObjectName } from '../core/text/object-name.ts';
import type { ObjectName } from '../core/text/object-name.ts';
import { stageAttribute, targetAttribute, targetFreeSignal } from '../contract/messages.ts';
import { callWithin } from './grpc.ts';
import type { TemporalService } from './settings.ts';
import { all, equals, isExperiment, isRunning } from './visibility-query.ts';

const limitMs = 3_000;

/** Those that began to wait first have the best right to the target, and the others soon look by themselves. */
const mostWoken = 20;

const waiting: Stage = 'Waiting';

/**
 * Tells the experiments that wait for a target that it is free. Best effort: one that is not told, as where the Temporal namespace has no
 * search attributes or the experiment began to wait a moment ago, looks again by itself.
 */
export async function wakeWaiting(temporal: TemporalService, target: ObjectName): Promise<void> {
  await callWithin(temporal.client, limitMs, () => signalWaiting(temporal, target)).catch(() => undefined);
}

async function signalWaiting({ client }: TemporalService, target: ObjectName): Promise<void> {
  const query = all(
    isExperiment,
    isRunning,
    equals(targetAttribute.name, formatObjectName(target)),
    equals(stageAttribute.name, waiting),
  );
  const workflowIds: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) workflowIds.unshift(workflowId);
  const oldest = workflowIds.slice(0, mostWoken);
  await Promise.allSettled(oldest.map((workflowId) => client.workflow.getHandle(workflowId).signal(targetFreeSignal)));
}
