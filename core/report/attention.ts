import type { Report } from './report.ts';

/** Why a person should look at an experiment, the most urgent first. */
export const attentions = [
  'stuck',
  'unsafe',
  'approval',
  'silent',
  'blind',
  'suspect',
  'paused',
  'closed',
  'waiting',
] as const;
export type Attention = (typeof attentions)[number];

/** What is known of an experiment beside its report. */
export interface RunFacts {
  readonly report?: Report;
  /** Why the run does not answer. */
  readonly silence?: 'noWorker' | 'taskFails' | 'unreadable';
  /** Whether Temporal says that the workflow has ended. */
  readonly isClosed: boolean;
  /** Whether it was ended from outside. */
  readonly isStopped?: boolean;
}

/**
 * Why a person should look at the experiment; undefined where it goes on, or has ended, by itself. `stuck`: nothing goes on until
 * somebody acts; `unsafe`: it has ended, and may have left traffic on a candidate that nobody promoted; `silent`: no worker answers.
 */
export function findAttention({ report, silence, isClosed, isStopped = false }: RunFacts): Attention | undefined {
  if (isClosed || report?.outcome !== undefined) return isUnsafe(report, isStopped) ? 'unsafe' : undefined;
  if (silence === 'taskFails' || silence === 'unreadable') return 'stuck';
  if (report?.awaitingApproval !== undefined && report.approved === undefined) return 'approval';
  if (silence === 'noWorker') return 'silent';
  if (report === undefined) return undefined;
  if (report.blind !== undefined) return 'blind';
  if (report.judged.some(({ suspect, out }) => suspect && out === undefined)) return 'suspect';
  if (report.paused !== undefined) return 'paused';
  if (report.closed !== undefined) return 'closed';
  return report.waitingFor === undefined ? undefined : 'waiting';
}

/** Whether nothing goes on before somebody acts. */
export function needsPerson(attention: Attention | undefined): boolean {
  return attention === 'stuck' || attention === 'unsafe' || attention === 'approval' || attention === 'silent';
}

/** A run that was stopped from outside, or has failed, may have left the traffic split. */
function isUnsafe(report: Report | undefined, isStopped: boolean): boolean {
  if (report === undefined) return isStopped;
  const { outcome, startedAtMs, testingPattern, weights } = report;
  if (startedAtMs === undefined || testingPattern === 'Conformance') return false;
  const isSplit = weights.candidates.some((weight) => weight > 0);
  if (outcome === 'Failed') return isSplit || !weights.confirmed;
  return outcome === undefined && isStopped && isSplit;
}
