import type { WorkerOptions } from '@temporalio/worker';
import { defined } from '../core/text/defined.ts';
import type { WorkerSettings } from '../formats/worker/settings.ts';
import type { TemporalConnection } from './temporal.ts';

/** Cancellation arrives as the answer to a heartbeat; an abort must not wait for one that the SDK holds back. */
const heartbeatThrottle = '500ms';

/** After the grace, activities are cancelled; helm has 5 s to mark its release failed, and its end must be reported. */
const cancellationMs = 10_000;

/** The worker's connection, task queue, cache size and shutdown times. */
export function workerOptions(
  { connection, namespace }: Pick<TemporalConnection, 'connection' | 'namespace'>,
  { taskQueue, shutdownGraceMs, maxCachedWorkflows }: WorkerSettings,
) {
  return {
    connection,
    namespace,
    taskQueue,
    maxHeartbeatThrottleInterval: heartbeatThrottle,
    defaultHeartbeatThrottleInterval: heartbeatThrottle,
    shutdownGraceTime: shutdownGraceMs,
    shutdownForceTime: shutdownGraceMs + cancellationMs,
    ...defined({ maxCachedWorkflows }),
  } satisfies WorkerOptions;
}
