import { failedStatus, statusOfReport, withTrouble } from './status/experiment-status.ts';
import type { ExperimentStatus } from './status/experiment-status.ts';
import { formatObjectName } from '../core/text/object-name.ts';
import type { Report } from '../core/report/report.ts';
import { formatIssue } from '../formats/document/issue.ts';
import { parseManifest } from '../formats/manifest/parse.ts';
import { isOutdated } from './cluster.ts';
import { abortReason, hasEnded, keyOf, manifestOf, targetOf, workflowIdOf } from './experiment-object.ts';
import type { ExperimentObject } from './experiment-object.ts';
import { Memory } from './memory.ts';
import { addFinalizer, dropFinalizer, statusOf, writeStatus } from './object-writes.ts';
import type { Means } from './object-writes.ts';
import { release } from './deletion.ts';
import { TemporalFailure } from './runs.ts';
import type { Look } from './runs.ts';
import type { Next } from './work-queue.ts';

export interface Reconciler {
  /** One step towards what the object should be; says when to look again. Never fails. */
  readonly reconcile: (object: ExperimentObject) => Promise<Next>;
  /** Somebody has deleted the object, which is looked at when its turn comes. */
  readonly noticeDeletion: (object: ExperimentObject) => void;
  /** The object is gone. */
  readonly forget: (object: ExperimentObject) => void;
}

export function createReconciler(means: Means): Reconciler {
  const memory = new Memory();
  return {
    reconcile: (object) =>
      step(means, memory, object).catch((error: unknown) => afterFailure(means, memory, object, error)),
    noticeDeletion: (object) => void memory.of(object).sinceDeletion(),
    forget: (object) => {
      const known = memory.take(object);
      if (known?.isOpen === true) means.owed.add(workflowIdOf(object), abortReason(object));
    },
  };
}

async function step(means: Means, memory: Memory, object: ExperimentObject): Promise<Next> {
  if (object.metadata.deletionTimestamp !== undefined) return release(means, memory, object);
  if (hasEnded(object)) return leave(means, object);
  if (object.status?.serin.workflowId === undefined) return begin(means, memory, object);
  return mirror(means, memory, object);
}

/** After a failure the object is looked at again, later each time. */
async function afterFailure(means: Means, memory: Memory, object: ExperimentObject, error: unknown): Promise<Next> {
  if (isOutdated(error)) return { afterMs: outdatedMs };
  memory.of(object).mark = undefined;
  const message = error instanceof Error ? error.message : String(error);
  means.log.warn('an Experiment could not be looked after', { experiment: keyOf(object), reason: message });
  if (error instanceof TemporalFailure) {
    const trouble = withTrouble(statusOf(object), { reason: 'TemporalUnreachable', message }, Date.now());
    await writeStatus(means, object, trouble).catch(() => undefined);
  }
  return { afterMs: memory.of(object).backOff(failureBackOff) };
}

/** By then the watch has shown the object as it is. */
const outdatedMs = 200;
const failureBackOff = { firstMs: 500, maxMs: 5_000 };

async function begin(means: Means, memory: Memory, object: ExperimentObject): Promise<Next> {
  const manifest = manifestOf(object);
  const reading = parseManifest(manifest, `Experiment ${object.metadata.namespace}/${object.metadata.name}`);
  if (reading.kind === 'invalid') {
    const message = reading.issues.map(formatIssue).join('; ');
    const invalid = failedStatus(statusOf(object), { reason: 'InvalidExperiment', message }, Date.now());
    return leave(means, await writeStatus(means, object, invalid));
  }
  const kept = await addFinalizer(means, object);
  const workflowId = workflowIdOf(object);
  // Also while it is not known whether the start arrives.
  memory.of(object).isOpen = true;
  await means.runs.start(workflowId, manifest);
  const status = statusOf(kept);
  await writeStatus(means, kept, { ...status, serin: { ...status.serin, workflowId } });
  return { afterMs: lookBackOff.firstMs };
}

/** The run is over: nothing more is to be done, and nobody has to be waited for. */
async function leave(means: Means, object: ExperimentObject): Promise<Next> {
  await dropFinalizer(means, object);
  return undefined;
}

/** Between two looks while nothing happens; the time of the next observation is known. */
const lookBackOff = { firstMs: 300, maxMs: 2_000 };
/** A run that waits for others may wait for hours. */
const waitingBackOff = { firstMs: 300, maxMs: 10_000 };

async function mirror(means: Means, memory: Memory, object: ExperimentObject): Promise<Next> {
  const known = memory.of(object);
  known.isOpen = true;
  known.noticeSpec(object.metadata.generation);
  const look = await means.runs.look(workflowIdOf(object), known.mark === undefined ? {} : { seen: known.mark });
  if (look.kind === 'unchanged' || isClosing(look)) return nextLook(memory, object);
  const written = await writeStatus(means, object, statusAfter(object, look));
  if (hasEnded(written)) {
    known.isOpen = false;
    return leave(means, written);
  }
  known.see(look.kind === 'seen' ? look.mark : undefined);
  return nextLook(memory, written);
}

/** It has an outcome, and tidies up. The type of a failure comes with its workflow's end; what is written before it would stay. */
function isClosing(look: Look): boolean {
  return look.kind === 'seen' && !look.isClosed && look.report.outcome !== undefined;
}

function nextLook(memory: Memory, object: ExperimentObject): Next {
  const report = object.status?.serin.report;
  const isWaiting = report?.waitingFor !== undefined;
  const afterMs = memory.of(object).backOff(isWaiting ? waitingBackOff : lookBackOff);
  return { afterMs: Math.min(afterMs, untilObservation(report) ?? afterMs) };
}

/** The observation itself takes a moment. */
const observationMs = 300;

function untilObservation(report: Report | undefined): number | undefined {
  if (report?.nextAtMs === undefined) return undefined;
  const leftMs = report.nextAtMs + observationMs - Date.now();
  return leftMs > 0 ? leftMs : undefined;
}

function statusAfter(object: ExperimentObject, look: Exclude<Look, { kind: 'unchanged' }>): ExperimentStatus {
  const previous = statusOf(object);
  const workflowId = workflowIdOf(object);
  const nowMs = Date.now();
  switch (look.kind) {
    case 'seen': {
      const { runId, failureType } = look;
      const facts = { nowMs, workflowId, runId, previous, ...(failureType === undefined ? {} : { failureType }) };
      return withSpecCheck(object, statusOfReport(look.report, facts));
    }
    case 'silent':
      return withTrouble(previous, { reason: 'NoWorker', message: look.reason }, nowMs);
    case 'stopped': {
      const { report, runId, how } = look;
      const last = report === undefined ? previous : statusOfReport(report, { nowMs, workflowId, runId, previous });
      return failedStatus(
        last,
        { reason: 'WorkflowStopped', message: `the workflow ${how}: ${restoreRemedy(object)}` },
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

function restoreRemedy(object: ExperimentObject): string {
  const target = targetOf(object);
  const name = target === undefined ? 'TARGET' : formatObjectName(target);
  return `nobody brought the traffic back; \`serin restore ${name}\` does`;
}

/** What the API server's rule lets through: fields below those that the schema knows. */
function withSpecCheck({ metadata }: ExperimentObject, status: ExperimentStatus): ExperimentStatus {
  const { generation } = metadata;
  if (status.observedGeneration === undefined || status.observedGeneration === generation) return status;
  if (status.serin.outcome !== undefined) return status;
  const message = 'the spec was changed after the start; the run goes on with the one that it began with';
  return withTrouble(status, { reason: 'SpecChanged', message }, Date.now());
}
