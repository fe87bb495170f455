import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import type { WorkerSettings } from '../spec/worker-config.ts';
import type { Temporal } from './temporal.ts';

/** Cancellation arrives as the answer to a heartbeat; an abort must not wait for one that the SDK holds back. */
const heartbeatThrottle = '500ms';

/** After the grace, activities are cancelled; helm has 5 s to mark its release failed, and its end must be reported. */
const cancellationMs = 10_000;

/** How the worker polls, caches and stops. */
export function workerOptions(
  { connection, namespace }: Temporal,
  settings: WorkerSettings,
  activities: object,
): WorkerOptions {
  const { taskQueue, shutdownGraceMs, maxCachedWorkflows, workflowBundle } = settings;
  return {
    connection,
    namespace,
    taskQueue,
    activities,
    maxHeartbeatThrottleInterval: heartbeatThrottle,
    defaultHeartbeatThrottleInterval: heartbeatThrottle,
    shutdownGraceTime: shutdownGraceMs,
    shutdownForceTime: shutdownGraceMs + cancellationMs,
    ...(maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows }),
    ...(workflowBundle === undefined ? { workflowsPath } : { workflowBundle: { codePath: workflowBundle } }),
  };
}

const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
