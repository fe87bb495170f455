import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { Share } from '../../core/experiment/versions.ts';
import { followLatestTraffic, pinTraffic } from '../../core/traffic/spec-traffic.ts';
import { planAnnotation } from '../../core/traffic/target.ts';
import type { TaggedRevision, TrafficEntry } from '../../core/traffic/target.ts';
import type { ServicePatch } from './api.ts';
import { isRoutable } from './objects.ts';
import type { KnativeService, Revision } from './objects.ts';

export interface TrafficWrite {
  readonly target: ObjectName;
  /** The value of the plan annotation. */
  readonly plan: string;
  /** Their sum is 100. */
  readonly shares: readonly Share[];
  /** Tags that the target had; those that are missing are put back, at 0 %. */
  readonly tags?: readonly TaggedRevision[];
  /** The revision with 100 %: the latest is followed instead of pinning it, as long as it is the latest. */
  readonly followLatest?: string;
}

/** How the writer reaches the cluster, and what it decides by itself. Each attempt asks for everything anew. */
export interface TrafficWriter {
  /** More conflicts in a row than this have another cause than Knative's controllers, which write the service too. */
  readonly maxAttempts: number;
  /** Fails when there is no such service. */
  readonly readService: (target: ObjectName) => Promise<KnativeService>;
  /** Whether there is something to write over the service as it was read; fails when this must not be written. */
  readonly shouldWrite: (service: KnativeService) => Promise<boolean>;
  /** Those of the target that exist, at least of the ones named. */
  readonly readRevisions: (target: ObjectName, names: ReadonlySet<string>) => Promise<Revisions>;
  /** The failure where a revision that should get traffic does not exist. */
  readonly revisionGone: (gone: Share, found: Revisions) => Error;
  readonly patchService: (target: ObjectName, patch: ServicePatch) => Promise<unknown>;
  /** Whether `patchService` failed since the service was no longer at the patch's version. */
  readonly isConflict: (error: unknown) => boolean;
}

/** Revisions by name. */
type Revisions = ReadonlyMap<string, Revision>;

/** `written`: by now; `unchanged`: `shouldWrite` found nothing to write over this service. */
export type TrafficWriteResult =
  { readonly kind: 'written' } | { readonly kind: 'unchanged'; readonly service: KnativeService };

/**
 * Writes a target's traffic in one patch that is refused when the service changed after it was read; then it is read and decided
 * upon anew. Tags and other entries that Knative can route to stay, at 0 %.
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
    ...(latest === undefined ? {} : { latestReadyRevision: latest }),
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
