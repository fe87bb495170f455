import { detectDrift } from '../../core/traffic/drift.ts';
import type { TargetObservation } from '../../core/traffic/target.ts';
import type { ExpectedState } from '../../contract/observation.ts';
import { observeTarget } from './observe-target.ts';
import type { ObserveTargetInput } from './observe-target.ts';
import type { TargetReads, WatchedNamespace } from './watched-namespace.ts';

export interface WatchedReads {
  readonly watched: Pick<WatchedNamespace, 'isOpen' | 'recalled'>;
  readonly asked: TargetReads;
}

/**
 * Observes the target from what the watch of its namespace knows, where that is as the run expects it, and else by asking: events may be
 * late, so only what has not changed is believed.
 */
export async function observeWatched(
  { watched, asked }: WatchedReads,
  { expected, ...input }: ObserveTargetInput & { readonly expected?: ExpectedState },
): Promise<TargetObservation> {
  if (expected === undefined || !watched.isOpen()) return observeTarget(asked, input);
  const recalled = await observeTarget(watched.recalled, input);
  // Only an API server that was asked is unreachable: asked again it would take as long again.
  const isBelieved =
    recalled.kind === 'unreachable' || isAsExpected(recalled, { ...expected, revisions: input.revisions });
  return isBelieved ? recalled : observeTarget(asked, input);
}

function isAsExpected(
  target: TargetObservation,
  expected: ExpectedState & Pick<ObserveTargetInput, 'revisions'>,
): boolean {
  const hasPlan = target.kind === 'observed' && target.plan === expected.plan;
  return hasPlan && expected.revisions.every((_, index) => detectDrift(target, { ...expected, index }).kind === 'none');
}
