import type { WorkerOptions } from '@temporalio/worker';
import { defined } from '../core/text/defined.ts';
import type { WorkerSettings } from '../formats/worker/settings.ts';
import type { DeploymentVersion } from '../temporal/deployment-version.ts';
import type { TemporalConnection } from './temporal.ts';

/** Cancellation arrives as the answer to a heartbeat; an abort must not wait for one that the SDK holds back. */
const heartbeatThrottle = '500ms';

/** After the grace, activities are cancelled; helm has 5 s to mark its release failed, and its end must be reported. */
const cancellationMs = 10_000;

interface ChosenOptions {
  readonly settings: WorkerSettings;
  readonly version: DeploymentVersion | undefined;
}

/** The worker's connection, task queue, version, cache size and shutdown times. */
export function workerOptions(
  { connection, namespace }: Pick<TemporalConnection, 'connection' | 'namespace'>,
  { settings: { taskQueue, shutdownGraceMs, maxCachedWorkflows }, version }: ChosenOptions,
) {
  return {
    connection,
    namespace,
    taskQueue,
    maxHeartbeatThrottleInterval: heartbeatThrottle,
    defaultHeartbeatThrottleInterval: heartbeatThrottle,
    maxConcurrentActivityTaskExecutions: mostActivities,
    maxConcurrentLocalActivityExecutions: mostActivities,
    maxConcurrentWorkflowTaskExecutions: mostWorkflowTasks,
    stickyQueueScheduleToStartTimeout: stickyMs,
    shutdownGraceTime: shutdownGraceMs,
    shutdownForceTime: shutdownGraceMs + cancellationMs,
    ...defined({ maxCachedWorkflows, workerDeploymentOptions: version && deploymentOptions(version) }),
  } satisfies WorkerOptions;
}

/** An activity waits most of its time: for an answer, or, as a guard, for the next look. */
const mostActivities = 1_000;

/** An observation holds its workflow task for a second where the metrics hang: an abort must not wait for those of other runs. */
const mostWorkflowTasks = 200;

/**
 * How long a workflow task waits for the worker that knows the run, before any other may take it: until a worker that is lost is given up. One that is
 * well takes its tasks within half a second (`npm run bench:scale`).
 */
const stickyMs = 3_000;

/** An experiment is judged to its end by the code that it began with. */
function deploymentOptions(version: DeploymentVersion) {
  return { useWorkerVersioning: true, version, defaultVersioningBehavior: 'PINNED' } as const;
}
