import { defined } from '../core/text/defined.ts';
import {
  failedStatus,
  isQueued,
  queuedStatus,
  startedStatus,
  statusOfReport,
  withTrouble,
} from './status/experiment-status.ts';
import type { ExperimentStatus, QueuePlace } from './status/experiment-status.ts';
import type { Report } from '../core/report/report.ts';
import { silenceMark } from './silence.ts';
import { formatIssue } from '../formats/document/issue.ts';
import type { Issue } from '../formats/document/issue.ts';
import { parseManifestApart } from '../apart/read-apart.ts';
import { explainStop } from '../temporal/read-run.ts';
import { isOutdated } from './cluster.ts';
import {
  abortReason,
  hasCompleted,
  experimentKey,
  toManifest,
  experimentTarget,
  experimentWorkflowId,
} from './experiment-object.ts';
import type { ExperimentOutline } from './experiment-object.ts';
import { RunMemory } from './run-memory.ts';
import { addFinalizer, dropFinalizer, currentStatus, writeStatus } from './object-writes.ts';
import type { OperatorDependencies } from './object-writes.ts';
import { handleDeletion } from './deletion.ts';
import { findTurn } from './run-limit.ts';
import { TemporalFailure } from './runs.ts';
import type { RunObservation } from './runs.ts';
import type { Next } from './work-queue.ts';

export interface Reconciler {
  /** Takes one step towards what the object should be; returns when to take the next. Never fails. */
  readonly reconcile: (object: ExperimentOutline) => Promise<Next>;
  /** Starts the clock of a deletion; the object is reconciled when its turn comes. */
  readonly noticeDeletion: (object: ExperimentOutline) => void;
  /** The object is gone: a run that is still open is aborted. */
  readonly forget: (object: ExperimentOutline) => void;
}

export function createReconciler(dependencies: OperatorDependencies): Reconciler {
  const memory = new RunMemory();
  return {
    reconcile: (object) =>
      step(dependencies, memory, object).catch((error: unknown) => afterFailure(dependencies, memory, object, error)),
    noticeDeletion: (object) => void memory.of(object).sinceDeletion(),
    forget: (object) => {
      const known = memory.take(object);
      if (known?.isOpen === true) dependencies.pendingAborts.add(experimentWorkflowId(object), abortReason(object));
    },
  };
}

async function step(dependencies: OperatorDependencies, memory: RunMemory, object: ExperimentOutline): Promise<Next> {
  if (object.metadata.deletionTimestamp !== undefined) return handleDeletion(dependencies, memory, object);
  if (hasCompleted(object)) return leave(dependencies, object);
  if (object.status?.serin.workflowId === undefined) return begin(dependencies, memory, object);
  return mirror(dependencies, memory, object);
}

/** Reports a failure; the object is reconciled again, later each time. */
async function afterFailure(
  dependencies: OperatorDependencies,
  memory: RunMemory,
  object: ExperimentOutline,
  error: unknown,
): Promise<Next> {
  if (isOutdated(error)) return { afterMs: outdatedMs };
  memory.of(object).mark = undefined;
  const message = error instanceof Error ? error.message : String(error);
  dependencies.log.warn('an Experiment could not be looked after', {
    experiment: experimentKey(object),
    reason: message,
  });
  if (error instanceof TemporalFailure) {
    const trouble = withTrouble(currentStatus(object), { reason: 'TemporalUnreachable', message }, Date.now());
    await writeStatus(dependencies, object, trouble).catch(() => undefined);
  }
  return { afterMs: memory.of(object).backOff(failureBackOff) };
}

/** By then the watch has delivered the object as it is now. */
const outdatedMs = 200;
const failureBackOff = { firstMs: 500, maxMs: 5_000 };

/** Begins with an object that has no run yet: it is refused, waits until its namespace has room for it, or starts. */
async function begin(dependencies: OperatorDependencies, memory: RunMemory, object: ExperimentOutline): Promise<Next> {
  if (object.leftAt !== undefined) return leaveUnfinished(dependencies, object, object.leftAt);
  const { cluster, experimentsOf, maxRunsPerNamespace } = dependencies;
  const all = experimentsOf(object.metadata.namespace);
  if (all === undefined) return { afterMs: unlistedMs };
  const turn = findTurn(object, all, maxRunsPerNamespace);
  // What waits was read before, and found to be usable.
  if (turn.kind === 'wait' && isQueued(object.status)) return wait(dependencies, object, turn.place);
  const manifest = toManifest(await cluster.readExperiment(object));
  const reading = await parseManifestApart(manifest, `Experiment ${object.metadata.namespace}/${object.metadata.name}`);
  if (reading.kind === 'invalid') return refuse(dependencies, object, reading.issues);
  if (turn.kind === 'wait') return wait(dependencies, object, turn.place);
  return start(dependencies, memory, { object, manifest });
}

/** By then the Experiments of the cluster have been listed. */
const unlistedMs = 200;

async function refuse(
  dependencies: OperatorDependencies,
  object: ExperimentOutline,
  issues: readonly Issue[],
): Promise<Next> {
  const message = issues.map(formatIssue).join('; ');
  const invalid = failedStatus(currentStatus(object), { reason: 'InvalidExperiment', message }, Date.now());
  return leave(dependencies, await writeStatus(dependencies, object, invalid));
}

/**
 * Ends an Experiment that another controller left in the midst of its run. Nothing is known of what it did, and to begin anew what
 * was forgotten long ago would shift traffic that nobody expects to move: that needs a person's word.
 */
async function leaveUnfinished(
  dependencies: OperatorDependencies,
  object: ExperimentOutline,
  stage: string,
): Promise<Next> {
  const message = `another controller left this Experiment at stage ${stage}, and its run cannot be resumed; traffic untouched; to run it anew, delete it and create it again`;
  const left = failedStatus(currentStatus(object), { reason: 'LeftUnfinished', message }, Date.now());
  return leave(dependencies, await writeStatus(dependencies, object, left));
}

/** Shows the place in the queue. The first ones are looked at more often, so that a long queue costs hardly any writes. */
async function wait(dependencies: OperatorDependencies, object: ExperimentOutline, place: QueuePlace): Promise<Next> {
  await writeStatus(dependencies, object, queuedStatus(currentStatus(object), place, Date.now()));
  return { afterMs: Math.min(place.number * placeMs, longestWaitMs) };
}

const placeMs = 1_000;
const longestWaitMs = 60_000;

async function start(
  dependencies: OperatorDependencies,
  memory: RunMemory,
  { object, manifest }: { readonly object: ExperimentOutline; readonly manifest: object },
): Promise<Next> {
  const kept = await addFinalizer(dependencies, object);
  const workflowId = experimentWorkflowId(object);
  // Also while it is not known whether the start arrives.
  memory.of(object).isOpen = true;
  await dependencies.runs.start(workflowId, manifest);
  const run = { workflowId, ...defined({ generation: kept.metadata.generation }) };
  await writeStatus(dependencies, kept, startedStatus(currentStatus(kept), run, Date.now()));
  return { afterMs: observationBackOff.firstMs };
}

/** Lets go of an object whose run is over. */
async function leave(dependencies: OperatorDependencies, object: ExperimentOutline): Promise<Next> {
  await dropFinalizer(dependencies, object);
  return undefined;
}

/** The time between two observations of a run that does not change; the next one is earlier where the run's is due. */
const observationBackOff = { firstMs: 300, maxMs: 2_000 };
/** A run that waits for others may wait for hours. */
const waitingBackOff = { firstMs: 300, maxMs: 10_000 };

async function mirror(dependencies: OperatorDependencies, memory: RunMemory, object: ExperimentOutline): Promise<Next> {
  const known = memory.of(object);
  known.isOpen = true;
  known.noticeSpec(object.metadata.generation);
  const observation = await dependencies.runs.observe(experimentWorkflowId(object), defined({ seen: known.mark }));
  if (observation.kind === 'unchanged' || isClosing(observation)) return nextObservation(memory, object);
  const written = await writeStatus(dependencies, object, statusAfter(object, observation));
  if (hasCompleted(written)) {
    known.isOpen = false;
    return leave(dependencies, written);
  }
  known.see(observation.kind === 'reported' ? observation.mark : undefined);
  return nextObservation(memory, written);
}

/** Whether the run has an outcome but has not closed. Only its end has the type of a failure, which a status cannot get later. */
function isClosing(observation: RunObservation): boolean {
  return observation.kind === 'reported' && !observation.isClosed && observation.report.outcome !== undefined;
}

function nextObservation(memory: RunMemory, object: ExperimentOutline): Next {
  const report = object.status?.serin.report;
  const isWaiting = report?.waitingFor !== undefined;
  const afterMs = memory.of(object).backOff(isWaiting ? waitingBackOff : observationBackOff);
  return { afterMs: Math.min(afterMs, untilObservation(report) ?? afterMs) };
}

/** The time that the run's own observation takes. */
const observationMs = 300;

function untilObservation(report: Report | undefined): number | undefined {
  if (report?.nextAtMs === undefined) return undefined;
  const leftMs = report.nextAtMs + observationMs - Date.now();
  return leftMs > 0 ? leftMs : undefined;
}

function statusAfter(
  object: ExperimentOutline,
  observation: Exclude<RunObservation, { kind: 'unchanged' }>,
): ExperimentStatus {
  const previous = currentStatus(object);
  const workflowId = experimentWorkflowId(object);
  const nowMs = Date.now();
  switch (observation.kind) {
    case 'reported': {
      const { runId, failureType } = observation;
      const facts = { nowMs, workflowId, runId, previous, ...defined({ failureType }) };
      return withSpecCheck(object, statusOfReport(observation.report, facts));
    }
    case 'silent':
      return withTrouble(previous, silenceMark(observation, workflowId), nowMs);
    case 'stopped': {
      const { report, runId } = observation;
      const last = report === undefined ? previous : statusOfReport(report, { nowMs, workflowId, runId, previous });
      return failedStatus(
        last,
        { reason: 'WorkflowStopped', message: explainStop(observation, experimentTarget(object)) },
        nowMs,
      );
    }
    case 'absent':
      return withTrouble(
        previous,
        { reason: 'WorkflowNotFound', message: `Temporal knows no workflow ${workflowId}` },
        nowMs,
      );
  }
}

/** Reports a changed spec. The API server's rule against that does not see fields below those that the schema knows. */
function withSpecCheck({ metadata }: ExperimentOutline, status: ExperimentStatus): ExperimentStatus {
  const { generation } = metadata;
  if (status.observedGeneration === undefined || status.observedGeneration === generation) return status;
  if (status.serin.outcome !== undefined) return status;
  const message = 'the spec was changed after the start; the run goes on with the one that it began with';
  return withTrouble(status, { reason: 'SpecChanged', message }, Date.now());
}
