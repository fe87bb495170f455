import { formatObjectName } from '../../core/experiment/experiment.ts';
import { formatPercents, percentsByRevision, servesShares } from '../../core/traffic/spec-traffic.ts';
import type { Verification, VerifyInput } from '../../contract/traffic.ts';
import { fieldManager } from '../../kubernetes/knative/api.ts';
import { trafficEditor } from '../../kubernetes/knative/objects.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { failure } from '../failures.ts';
import type { ActivityCluster } from './cluster.ts';
import { jsonDifferences } from './json-differences.ts';
import { notReady, routesDoubt, serviceDoubt } from './readiness.ts';

/**
 * Checks once whether the target serves the winner and nothing else, and whether the traffic may follow the latest revision.
 * Fails as `NotReady` with what is missing, and as `TargetGone`.
 */
export async function verifyTarget(cluster: ActivityCluster, input: VerifyInput): Promise<Verification> {
  const service = await cluster.readService(input.target);
  if (service === undefined) {
    const message = `Knative Service ${formatObjectName(input.target)} is gone after the finish actions`;
    throw failure('TargetGone', { message });
  }
  const doubt = servingProblem(service, input) ?? (await latestDoubt(cluster, service, input));
  if (doubt !== undefined) throw notReady(doubt);
  const { latestReadyRevisionName, latestCreatedRevisionName } = service.status ?? {};
  const isLatest = [latestReadyRevisionName, latestCreatedRevisionName].every((name) => name === input.winner.revision);
  return { mayFollowLatest: isLatest && isOurTraffic(service, input.winner.revision) };
}

function servingProblem(service: KnativeService, input: VerifyInput): string | undefined {
  const doubt = input.requireLatest ? serviceDoubt(service, input.target) : routesDoubt(service, input.target);
  return doubt ?? trafficDoubt(service, input);
}

function trafficDoubt({ status }: KnativeService, { target, winner }: VerifyInput): string | undefined {
  const traffic = status?.traffic ?? [];
  if (servesShares(traffic, [{ revision: winner.revision, percent: 100 }])) return undefined;
  const found = formatPercents(percentsByRevision(traffic));
  return `status.traffic of ${formatObjectName(target)} is ${found}, not 100 % ${winner.revision}`;
}

/** After a deployment the latest revision must be the winner, or, where the template has no name, one of the winner's template. */
async function latestDoubt(
  cluster: ActivityCluster,
  service: KnativeService,
  { target, winner, requireLatest }: VerifyInput,
): Promise<string | undefined> {
  const latest = service.status?.latestReadyRevisionName;
  if (!requireLatest || latest === winner.revision) return undefined;
  const isUnnamed = service.spec.template?.metadata?.name === undefined;
  if (isUnnamed && latest !== undefined && (await isRepeated(cluster, { target, winner, latest }))) return undefined;
  return `the latest ready revision of ${formatObjectName(target)} is ${latest ?? '(none)'}, not ${winner.revision}`;
}

/** Whether Knative has made the winner's template anew, under another name: after the roll back of a chart that names no revisions. */
async function isRepeated(
  cluster: ActivityCluster,
  { target: { namespace }, winner, latest }: Pick<VerifyInput, 'target' | 'winner'> & { readonly latest: string },
): Promise<boolean> {
  const [judged, repeated] = await Promise.all(
    [winner.revision, latest].map((name) => cluster.readRevision({ namespace, name })),
  );
  return judged !== undefined && repeated !== undefined && jsonDifferences(repeated.spec, judged.spec).length === 0;
}

/** Whether the traffic is what we pinned, or Knative's default; anything else was chosen by a chart or a person. */
function isOurTraffic(service: KnativeService, winner: string): boolean {
  const traffic = service.spec.traffic ?? [];
  const isDefault = traffic.every(({ latestRevision, percent, tag }) => {
    return latestRevision === true && percent === 100 && tag === undefined;
  });
  if (isDefault) return true;
  const isPinned = servesShares(traffic, [{ revision: winner, percent: 100 }]);
  return isPinned && trafficEditor(service)?.manager === fieldManager;
}
