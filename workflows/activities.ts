import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { Experiment } from '../core/experiment/experiment.ts';
import type { Task } from '../core/experiment/task-kinds.ts';
import type { ExperimentActivities } from '../contract/activities.ts';
import type { TaskActivities } from '../contract/tasks.ts';

/** Outside failures are retried without end; what must not be retried says so itself (`core/failures.ts`). */
const patient = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' } as const;

/** Exceptions of the language are errors in our code, which no repetition mends. */
const bugs = { nonRetryableErrorTypes: ['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'] };

/** A write that makes traffic safe must not wait long after an outage; Temporal makes at least a second of each wait. */
const urgent = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' } as const;

/** Helm and other tasks must be gone before anything else is decided, so their end is awaited. */
const awaitEnd = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/** The reading parses a file, asks Temporal once, and reads the metrics that the file names. */
export const { readManifest } = proxy({ startToCloseTimeout: '10s', retry: { ...patient, ...bugs } });

/** Waits for another experiment for as long as that takes; one try is short, and its end shows whether it got the Lease. */
export const { acquireTarget } = proxy({
  startToCloseTimeout: '10s',
  retry: patient,
  cancellationType: awaitEnd,
});

/** The end of an experiment must not hang on a Lease that cannot be given up; it expires by itself. */
export const { releaseTarget } = proxy({ startToCloseTimeout: '10s', scheduleToCloseTimeout: '1m', retry: patient });

/** Metrics have a limit of 10 s of their own; above it only a lost worker remains. */
export const { queryMetrics } = proxy({ startToCloseTimeout: '15s', retry: { ...patient, ...bugs } });

/** Pure and under 50 ms; local, so that it costs one event. What fails twice is an error in our code. */
export const { computeWeights } = proxyLocalActivities<Pick<ExperimentActivities, 'computeWeights'>>({
  startToCloseTimeout: '5s',
  retry: { maximumAttempts: 2, ...bugs },
});

/** 100 % to the baseline: tried until it is accepted; the heartbeat notices a lost worker within 5 s. */
export const { patchTraffic: makeSafe } = proxy({
  startToCloseTimeout: '40s',
  heartbeatTimeout: '5s',
  scheduleToCloseTimeout: '2m',
  retry: urgent,
});

/** After the finish actions Knative may need a while to reconcile the route. */
export const { verifyTarget } = proxy({ startToCloseTimeout: '10s', scheduleToCloseTimeout: '2m', retry: patient });

/** A request has 5 s of its own; who is told must not hold the experiment up for long. */
export const { notifyHttp, notifySlack } = proxy({
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '1m',
  retry: { ...patient, maximumAttempts: 5, ...bugs },
});

/** As often as the task says, and as far apart. */
export function objectsProxy({
  retries,
  intervalMs,
}: Pick<Task<'readiness'>, 'retries' | 'intervalMs'>): Pick<ExperimentActivities, 'checkObjects'> {
  const retry = { initialInterval: intervalMs, backoffCoefficient: 1, maximumAttempts: retries + 1, ...bugs };
  return proxy({ startToCloseTimeout: '20s', retry });
}

/** The activities whose limits the manifest sets, but for those of tasks. */
export function activitiesFor(experiment: Experiment) {
  /** Charts are rendered for both winners, over the network. */
  const rendering = proxy({ startToCloseTimeout: '2m', scheduleToCloseTimeout: '5m', retry: patient });
  /** A cluster that cannot be written for longer than the blind limit is as good as out of sight. */
  const writing = {
    startToCloseTimeout: '40s',
    heartbeatTimeout: '5s',
    scheduleToCloseTimeout: Math.max(experiment.blindLimitMs, 30_000),
    retry: urgent,
  } as const;
  const readiness = proxy({
    startToCloseTimeout: '10s',
    scheduleToCloseTimeout: experiment.readinessLimitMs,
    retry: patient,
  });
  /** As patient as the task that follows: a release that was left pending must age before it can be rendered. */
  const comparing = proxy({
    startToCloseTimeout: '2m',
    scheduleToCloseTimeout: allTaskAttemptsMs(experiment),
    retry: patient,
  });
  return {
    discoverVersions: readiness.discoverVersions,
    awaitReadiness: readiness.awaitReadiness,
    preflight: rendering.preflight,
    compareRendered: comparing.compareRendered,
    patchTraffic: proxy(writing).patchTraffic,
    /** A step: what the cluster does not confirm is left to the next observation, which sees why. */
    shiftTraffic: proxy({ ...writing, retry: { ...urgent, nonRetryableErrorTypes: ['NotConfirmed'] } }).patchTraffic,
  };
}

/** The activities that have the task's limit as a part of their input. */
type LimitedTaskActivities = {
  readonly [
    A in keyof TaskActivities as Parameters<TaskActivities[A]>[0] extends { readonly limitMs: number } ? A : never
  ]: TaskActivities[A];
};

/** The command has the task's limit; a release left pending may have to age before it, and a lost worker costs one more run. */
export function taskActivities(experiment: Experiment): LimitedTaskActivities {
  return proxyActivities<LimitedTaskActivities>({
    startToCloseTimeout: experiment.taskLimitMs + 30_000,
    scheduleToCloseTimeout: allTaskAttemptsMs(experiment),
    heartbeatTimeout: '10s',
    cancellationType: awaitEnd,
    retry: patient,
  });
}

function allTaskAttemptsMs({ taskLimitMs }: Experiment): number {
  return 4 * taskLimitMs + 600_000;
}

function proxy(options: ActivityOptions): ExperimentActivities {
  return proxyActivities<ExperimentActivities>(options);
}
