import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { isObserved, unmet } from '../../kubernetes/knative/objects.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { failure } from '../failures.ts';

const readinessPollMs = 1_000;

/** A `NotReady` failure, retried after a second. */
export function notReady(message: string): Error {
  return failure('NotReady', { message, nextRetryDelayMs: readinessPollMs });
}

/** All doubts, the service's first, unless it only repeats what Knative says of a revision. */
export function listDoubts(
  ofService: string | undefined,
  ofRevisions: readonly { readonly doubt?: string; readonly message?: string }[],
): readonly string[] {
  const isRepeated = ofRevisions.some(({ message = '' }) => message !== '' && ofService?.includes(message));
  const doubts = ofRevisions.flatMap(({ doubt }) => doubt ?? []);
  return ofService === undefined || isRepeated ? doubts : [ofService, ...doubts];
}

/** Why the service as a whole is not ready, in Knative's words; undefined when it is. */
export function serviceDoubt(service: KnativeService | undefined, target: ObjectName): string | undefined {
  if (service === undefined) return `Knative Service ${formatObjectName(target)} does not exist`;
  return conditionDoubt(service, target, 'Ready');
}

/** Why the service's routes are not ready; its latest revision may be broken all the same. */
export function routesDoubt(service: KnativeService, target: ObjectName): string | undefined {
  return conditionDoubt(service, target, 'RoutesReady');
}

function conditionDoubt(service: KnativeService, target: ObjectName, type: string): string | undefined {
  const name = `Knative Service ${formatObjectName(target)}`;
  if (!isObserved(service)) return `${name}: Knative has not looked at its latest change yet`;
  const reason = unmet(service.status?.conditions, type);
  return reason === undefined ? undefined : `${name} is not ready (${type}): ${reason}`;
}
