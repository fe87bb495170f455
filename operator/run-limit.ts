import { hasCompleted } from './experiment-object.ts';
import type { ExperimentOutline } from './experiment-object.ts';
import { findCondition } from './status/conditions.ts';
import type { QueuePlace } from './status/experiment-status.ts';

/** What an Experiment does that has no run yet. */
export type Turn =
  | { readonly kind: 'start' }
  /** Others of its namespace come first. */
  | { readonly kind: 'wait'; readonly place: QueuePlace };

/**
 * Finds the turn of an Experiment: the oldest of a namespace start first, as many as the limit has room for. It depends on the
 * objects alone, so that every operator, also one that has just begun, comes to the same result.
 *
 * @param all the Experiments of its namespace, of all kinds.
 */
export function findTurn(outline: ExperimentOutline, all: readonly ExperimentOutline[], maxRuns: number): Turn {
  const ahead = all.filter((other) => isWaiting(other) && compareAge(other, outline) < 0).length;
  const free = countFree(all, maxRuns);
  if (ahead < free) return { kind: 'start' };
  return { kind: 'wait', place: { runs: countRuns(all) + free, maxRuns, number: ahead - free + 1 } };
}

/** The Experiments of a namespace without a run that may start now. */
export function findNext(all: readonly ExperimentOutline[], maxRuns: number): readonly ExperimentOutline[] {
  const free = countFree(all, maxRuns);
  return free === 0 ? [] : all.filter(isWaiting).toSorted(compareAge).slice(0, free);
}

function countFree(all: readonly ExperimentOutline[], maxRuns: number): number {
  return Math.max(0, maxRuns - countRuns(all));
}

function countRuns(all: readonly ExperimentOutline[]): number {
  return all.filter(hasRun).length;
}

/** Whether it has a run that has not ended, so far as its status tells. One that Temporal does not know takes no place. */
function hasRun(outline: ExperimentOutline): boolean {
  const { status } = outline;
  if (status?.serin.workflowId === undefined || hasCompleted(outline)) return false;
  return findCondition(status.conditions, 'Ready')?.reason !== 'WorkflowNotFound';
}

function isWaiting(outline: ExperimentOutline): boolean {
  const { metadata, status } = outline;
  return metadata.deletionTimestamp === undefined && status?.serin.workflowId === undefined && !hasCompleted(outline);
}

/** Negative where `a` is older. Kubernetes' times have seconds only: Experiments of one second are in the order of their names. */
function compareAge({ metadata: a }: ExperimentOutline, { metadata: b }: ExperimentOutline): number {
  return createdAtMs(a) - createdAtMs(b) || compareText(a.name, b.name) || compareText(a.uid, b.uid);
}

function createdAtMs({ creationTimestamp }: ExperimentOutline['metadata']): number {
  return creationTimestamp?.getTime() ?? 0;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
