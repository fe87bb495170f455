import { isRestoreId } from '../../core/traffic/fencing.ts';
import { servesShares } from '../../core/traffic/spec-traffic.ts';
import { planAnnotation } from '../../core/traffic/target.ts';
import type { FencedFacts, PatchTrafficInput } from '../../contract/traffic.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { failure } from '../failures.ts';

/** Fails a write whose place somebody else's has taken. */
export function fencedFailure(message: string, facts: FencedFacts): Error {
  return failure('Fenced', { message, details: Object.keys(facts).length === 0 ? [] : [facts] });
}

/** Whether a restore has written what was to be written; undefined where none has. */
export function isRestored({ metadata, spec }: KnativeService, { shares }: PatchTrafficInput): true | undefined {
  const isDone = isRestoreId(metadata.annotations?.[planAnnotation]) && servesShares(spec.traffic ?? [], shares);
  return isDone || undefined;
}
