import type { Iter8Manifest } from './schema.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** A handler of v2alpha1 that iter8 ran and serin does not, since the traffic is what must be put right. */
export function warnOfHandlers({ spec }: Pick<Iter8Manifest, 'spec'>): ValueIssue[] {
  if (spec.strategy.handlers?.failure !== 'actions') return [];
  const path = ['spec', 'strategy', 'handlers', 'failure'];
  const got = '"finish"; a failure runs no actions, it brings the traffic to the baseline';
  return [{ path, atKey: false, expected: 'none', got }];
}
