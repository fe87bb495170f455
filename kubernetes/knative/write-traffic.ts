import { defined } from '../../core/text/defined.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { Share } from '../../core/experiment/versions.ts';
import { followLatestTraffic, pinTraffic } from '../../core/traffic/spec-traffic.ts';
import { planAnnotation } from '../../core/traffic/target.ts';
import type { TaggedRevision, TrafficEntry } from '../../core/traffic/target.ts';
import type { ServicePatch } from './api.ts';
import { isRoutable } from './objects.ts';
import type { KnativeService, Revision } from './objects.ts';

/** The traffic that a target shall have. */
export interface TrafficWrite {
  readonly target: ObjectName;
  /** The value of the plan annotation. */
  readonly plan: string;
  /** The percents of the revisions; their sum is 100. */
  readonly shares: readonly Share[];
  /** Tags that the target had; those that are missing are put back, at 0 %. */
  readonly tags?: readonly TaggedRevision[];
  /** The revision with 100 %. While it is the latest one, the traffic follows the latest revision instead of naming it. */
  readonly followLatest?: string;
}

/** A writer's access to the cluster, and its own decisions. Each attempt calls them anew. */
export interface TrafficWriter {
  /** Knative's controllers write the service too; more conflicts in a row than this have another cause. */
  readonly maxAttempts: number;
  /** Fails when there is no such service. */
  readonly readService: (target: ObjectName) => Promise<KnativeService>;
  /** Whether the service as it was read needs the write; fails when the write is not allowed. */
  readonly shouldWrite: (service: KnativeService) => Promise<boolean>;
  /** The target's revisions that exist, at least those among `names`. */
  readonly readRevisions: (target: ObjectName, names: ReadonlySet<string>) => Promise<Revisions>;
  /** The failure where a revision that should get traffic does not exist. */
  readonly revisionGone: (gone: Share, found: Revisions) => Error;
  readonly patchService: (target: ObjectName, patch: ServicePatch) => Promise<unknown>;
  /** Whether `patchService` failed because the service was no longer at the patch's version. */
  readonly isConflict: (error: unknown) => boolean;
}

/** Revisions by name. */
type Revisions = ReadonlyMap<string, Revision>;

/** `written`: the API server has accepted the write; `unchanged`: `shouldWrite` was false for this service. */
export type TrafficWriteResult =
  { readonly kind: 'written' } | { readonly kind: 'unchanged'; readonly service: KnativeService };

/**
 * Writes a target's traffic in one patch that is refused as a conflict when the service changed after it was read; the next
 * attempt then reads and decides anew. Tags and other entries that Knative can route to stay, at 0 %.
 */
export async function writeTraffic(writer: TrafficWriter, write: TrafficWrite): Promise<TrafficWriteResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryToWrite(writer, write);
    } catch (error) {
      if (attempt === writer.maxAttempts || !writer.isConflict(error)) throw error;
    }
  }
}

async function tryToWrite(writer: TrafficWriter, write: TrafficWrite): Promise<TrafficWriteResult> {
  const { target, plan } = write;
  const service = await writer.readService(target);
  if (!(await writer.shouldWrite(service))) return { kind: 'unchanged', service };
  const traffic = await nextTraffic(writer, write, service);
  const { resourceVersion } = service.metadata;
  await writer.patchService(target, { resourceVersion, annotations: { [planAnnotation]: plan }, traffic });
  return { kind: 'written' };
}

async function nextTraffic(
  writer: TrafficWriter,
  { target, shares, tags = [], followLatest: winner }: TrafficWrite,
  service: KnativeService,
): Promise<readonly TrafficEntry[]> {
  const present = withTags(service.spec.traffic ?? [], tags);
  const latest = service.status?.latestReadyRevisionName;
  const named = present.flatMap(({ revisionName }) => revisionName ?? []);
  const names = new Set([...shares.map(({ revision }) => revision), ...named, ...(latest ? [latest] : [])]);
  const revisions = await writer.readRevisions(target, names);
  const gone = shares.find(({ revision, percent }) => percent > 0 && !revisions.has(revision));
  if (gone !== undefined) throw writer.revisionGone(gone, revisions);
  const kept = {
    present,
    isRoutable: (revision: string) => isRoutable(revisions.get(revision)),
    ...defined({ latestReadyRevision: latest }),
  };
  if (winner !== undefined && isLatest(service, winner)) return followLatestTraffic({ ...kept, winner });
  return pinTraffic({ ...kept, shares });
}

/** A finish action may have dropped tags that the target had before. */
function withTags(present: readonly TrafficEntry[], tags: readonly TaggedRevision[]): readonly TrafficEntry[] {
  const missing = tags.filter(({ tag }) => !present.some((entry) => entry.tag === tag));
  return [...present, ...missing];
}

/** A newer revision, be it ready or not, would get all the traffic that follows the latest one. */
function isLatest({ status }: KnativeService, revision: string): boolean {
  return status?.latestReadyRevisionName === revision && status.latestCreatedRevisionName === revision;
}
