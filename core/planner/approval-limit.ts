import type { Experiment } from '../experiment/experiment.ts';
import { formatDuration } from '../text/duration.ts';
import type { ApprovalGate } from './requests.ts';

/** Whether the time to decide about the promotion is over. */
export function isGateOver({ openedAtMs }: ApprovalGate, { approvalLimitMs }: Experiment, nowMs: number): boolean {
  return nowMs - openedAtMs >= approvalLimitMs;
}

export function reasonNotApproved({ approvalLimitMs }: Experiment): string {
  return `no approval within ${formatDuration(approvalLimitMs)}`;
}
