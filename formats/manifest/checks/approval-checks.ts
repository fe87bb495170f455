import { areEnough, formatApprovers } from '../../../core/experiment/approvers.ts';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** Checks that the people who must approve can do so, and that nothing else does it for them. */
export function checkApproval({ approval, approvers, onApprovalLimit }: Experiment): ValueIssue[] {
  if (approvers === undefined) return [];
  const issue = (name: string, expected: string, got: string): ValueIssue => {
    return { path: ['metadata', 'annotations', `serin.dev/${name}`], atKey: false, expected, got };
  };
  const named = formatApprovers(approvers);
  if (approval === 'none') return [issue('approval', 'required, since approvers are named', 'none')];
  if (onApprovalLimit === 'promote') {
    const expected = 'rollback, since a promotion that people must approve is not made by time';
    return [issue('on-approval-limit', expected, 'promote')];
  }
  if (!areEnough(approvers))
    return [issue('approvers', 'a group, or as many users as must approve', named || 'nobody')];
  return [];
}
