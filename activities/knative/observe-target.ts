import { CancelledFailure } from '@temporalio/common';
import { defined } from '../../core/text/defined.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { planAnnotation } from '../../core/traffic/target.ts';
import type { RevisionState, TargetObservation } from '../../core/traffic/target.ts';
import { trafficEditor, unmet } from '../../kubernetes/knative/objects.ts';
import type { KnativeService, Revision } from '../../kubernetes/knative/objects.ts';
import { innermostMessage } from '../failures.ts';
import type { TargetReads } from './watched-namespace.ts';

export interface ObserveTargetInput {
  readonly target: ObjectName;
  /** The revisions of all versions, the baseline's first. */
  readonly revisions: readonly string[];
}

/** Observes the target once. A cluster that does not answer is a result too; only cancellation is thrown. */
export async function observeTarget(cluster: TargetReads, input: ObserveTargetInput): Promise<TargetObservation> {
  const { namespace } = input.target;
  try {
    const [service, ...revisions] = await Promise.all([
      cluster.readService(input.target),
      ...input.revisions.map((name) => cluster.readRevision({ namespace, name })),
    ]);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return { kind: 'gone' };
    return { kind: 'observed', ...describe(service), revisions: revisions.map(revisionState) };
  } catch (error) {
    if (error instanceof CancelledFailure) throw error;
    return { kind: 'unreachable', reason: innermostMessage(error) };
  }
}

function describe(
  service: KnativeService,
): Pick<Extract<TargetObservation, { kind: 'observed' }>, 'specTraffic' | 'latestCreatedRevision' | 'plan' | 'editor'> {
  const latestCreatedRevision = service.status?.latestCreatedRevisionName;
  const plan = service.metadata.annotations?.[planAnnotation];
  const editor = trafficEditor(service);
  return {
    specTraffic: service.spec.traffic ?? [],
    ...defined({ latestCreatedRevision, plan, editor: editor && formatEditor(editor) }),
  };
}

function formatEditor({ manager, time }: { manager: string; time?: string }): string {
  return time === undefined ? manager : `${manager} at ${time}`;
}

/** The state of a revision. One that is scaled to zero is still ready: the next request starts it. */
function revisionState(revision: Revision | undefined): RevisionState {
  if (revision === undefined || revision.metadata.deletionTimestamp !== undefined) return { kind: 'gone' };
  const reason = unmet(revision.status?.conditions, 'Ready');
  if (reason !== undefined) return { kind: 'unready', reason };
  return { kind: 'ready', ...defined({ pods: revision.status?.actualReplicas }) };
}
