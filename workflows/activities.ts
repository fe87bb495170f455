import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { Experiment } from '../core/experiment/experiment.ts';
import type { Task } from '../core/experiment/task-kinds.ts';
import type { ExperimentActivities } from '../contract/activities.ts';
import type { TaskActivities } from '../contract/tasks.ts';

/** Outside failures are retried without end; what must not be retried says so itself (`core/failures.ts`). */
const patient = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' } as const;

/** JavaScript's own exceptions are bugs, which no retry mends. */
const bugs = { nonRetryableErrorTypes: ['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'] };

/** A write that makes traffic safe must not wait long after an outage; Temporal makes at least a second of each wait. */
const urgent = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' } as const;

/** Waits until a cancelled activity has ended: nothing is decided while helm or another task may still write. */
const awaitEnd = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/** Parses the manifest, asks Temporal once, and reads the metrics that the manifest names from the cluster. */
export const { readManifest } = proxy({ startToCloseTimeout: '10s', retry: { ...patient, ...bugs } });

/** Asks the calendars: a rule that takes long to compute is an answer too. */
export const { readCalendar } = proxy({ startToCloseTimeout: '20s', retry: { ...patient, ...bugs } });

/** Reads a file of keys and computes: whoever asks waits for it. */
export const { verifyAct } = proxy({ startToCloseTimeout: '5s', scheduleToCloseTimeout: '30s', retry: patient });

/** Retried for as long as another experiment holds the target. An attempt is short; its end shows whether it got the Lease. */
export const { acquireTarget } = proxy({
  startToCloseTimeout: '10s',
  retry: patient,
  cancellationType: awaitEnd,
});

/** The end of an experiment must not depend on a Lease that cannot be given up; it expires by itself. */
export const { releaseTarget } = proxy({ startToCloseTimeout: '10s', scheduleToCloseTimeout: '1m', retry: patient });

/** Metric queries are limited to 10 s; an attempt that takes longer has lost its worker. */
export const { queryMetrics } = proxy({ startToCloseTimeout: '15s', retry: { ...patient, ...bugs } });

/**
 * Attempts within the workflow task. What people send waits for them, so they are short; whatever goes wrong is left to an activity of its
 * own. They change nothing in the world: a worker that is lost leaves no trace of them.
 */
export const withinTask = proxyLocalActivities<Pick<ExperimentActivities, 'queryMetrics' | 'computeWeights'>>({
  scheduleToCloseTimeout: '1s',
  retry: { maximumAttempts: 1 },
});

/** Ends with the interval; a worker that is lost is noticed, and the rest of the interval watched by another one. */
export function guarding(untilDueMs: number): Pick<ExperimentActivities, 'guardCandidates'> {
  return proxy({
    startToCloseTimeout: untilDueMs + 15_000,
    scheduleToCloseTimeout: untilDueMs + 15_000,
    heartbeatTimeout: '5s',
    retry: { ...patient, ...bugs },
  });
}

/** Pure and under 50 ms; an attempt that takes longer has lost its worker, and whatever it throws is a bug. */
export const { computeWeights } = proxy({
  startToCloseTimeout: '10s',
  retry: { ...patient, nonRetryableErrorTypes: [...bugs.nonRetryableErrorTypes, 'Error'] },
});

/** Writes 100 % baseline; `bringToBaseline` starts it again after 2 min. The heartbeat notices a lost worker within 5 s. */
export const { patchTraffic: makeSafe } = proxy({
  startToCloseTimeout: '40s',
  heartbeatTimeout: '5s',
  scheduleToCloseTimeout: '2m',
  retry: urgent,
});

/** After the finish actions Knative may need a while to reconcile the route. */
export const { verifyTarget } = proxy({ startToCloseTimeout: '10s', scheduleToCloseTimeout: '2m', retry: patient });

/** A request is limited to 5 s; a receiver that does not answer must not hold the experiment up for long. */
export const { notifyHttp, notifySlack } = proxy({
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '1m',
  retry: { ...patient, maximumAttempts: 5, ...bugs },
});

/** For the notices that are left when a run has ended: nobody waits for them. */
export const { sendNotices } = proxy({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '5s',
  scheduleToCloseTimeout: '10m',
  retry: { ...patient, ...bugs },
});

/** Once, in the time that the run has for it; what cannot be delivered then is tried again at a later iteration. */
export function sendNoticesWithin(budgetMs: number): Pick<ExperimentActivities, 'sendNotices'> {
  return proxy({
    startToCloseTimeout: budgetMs + 5_000,
    scheduleToCloseTimeout: budgetMs + 10_000,
    heartbeatTimeout: '5s',
    // One that is cut short says what it has achieved.
    cancellationType: awaitEnd,
    retry: { maximumAttempts: 1 },
  });
}

/** Checks objects with the number of retries and the interval of the readiness task. */
export function objectsProxy({
  retries,
  intervalMs,
}: Pick<Task<'readiness'>, 'retries' | 'intervalMs'>): Pick<ExperimentActivities, 'checkObjects'> {
  const retry = { initialInterval: intervalMs, backoffCoefficient: 1, maximumAttempts: retries + 1, ...bugs };
  return proxy({ startToCloseTimeout: '20s', retry });
}

/** The activities of one experiment, most with limits from its manifest; those of its tasks are `taskActivities`. */
export function activitiesFor(experiment: Experiment) {
  /** Charts are rendered for every possible winner, over the network. */
  const rendering = proxy({ startToCloseTimeout: '2m', scheduleToCloseTimeout: '5m', retry: patient });
  /** A cluster that cannot be written to for the blind limit is treated like one that cannot be observed. */
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
  /** Has the time of all attempts of a task: a release that was left pending must age before it can be rendered. */
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
    /** For a step: without the cluster's confirmation it is not retried, and the next observation finds the cause. */
    shiftTraffic: proxy({ ...writing, retry: { ...urgent, nonRetryableErrorTypes: ['NotConfirmed'] } }).patchTraffic,
  };
}

/** The activities that have the task's limit as a part of their input. */
type LimitedTaskActivities = {
  readonly [
    A in keyof TaskActivities as Parameters<TaskActivities[A]>[0] extends { readonly limitMs: number } ? A : never
  ]: TaskActivities[A];
};

/** The tasks' programs, each limited to `taskLimitMs`; the total allows for a pending release to age and for lost workers. */
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
