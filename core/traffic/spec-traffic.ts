import type { Share } from '../experiment/versions.ts';
import type { TrafficEntry } from './target.ts';

/** The present traffic, and the shares to give to the versions. */
export interface PinTrafficInput {
  /** `spec.traffic` as it is. */
  readonly present: readonly TrafficEntry[];
  /** The revision that `latestRevision: true` resolves to now: `status.latestReadyRevisionName`. */
  readonly latestReadyRevision?: string;
  /**
   * Whether a revision exists and is ready: Knative leaves a route as it was while it names another one, even at 0 %. An
   * entry with a share is written nevertheless.
   */
  readonly isRoutable: (revision: string) => boolean;
  /** The versions' shares; their sum is 100. */
  readonly shares: readonly Share[];
}

/**
 * The next `spec.traffic`: all versions pinned by revision name with their shares, tags kept, other revisions at 0 %.
 *
 * An entry that reached one of the versions through `latestRevision` is pinned by name now; a tag that follows another
 * latest revision goes on following it, at 0 %.
 */
export function pinTraffic(input: PinTrafficInput): readonly TrafficEntry[] {
  const { present, latestReadyRevision, isRoutable, shares } = input;
  requireWhole(shares);
  const serves = (revision: string): boolean =>
    shares.some((share) => share.revision === revision && share.percent > 0);
  const belongs = (revision: string): boolean => serves(revision) || isRoutable(revision);
  const kept = present.filter((entry) => belongs(entryRevision(entry, latestReadyRevision) ?? ''));
  const pinned = kept.map((entry) => pinEntry(entry, latestReadyRevision, shares));
  const missing = shares.filter(({ revision }) => belongs(revision) && !hasEntry(pinned, revision));
  const entries = [...pinned, ...missing.map(({ revision }) => ({ revisionName: revision }))];
  return withoutDuplicates(entries).map((entry, index, all) => {
    const isFirst = all.findIndex(({ revisionName }) => revisionName === entry.revisionName) === index;
    const share = shares.find(({ revision }) => revision === entry.revisionName);
    return { ...entry, percent: isFirst ? (share?.percent ?? 0) : 0 };
  });
}

export interface FollowLatestInput extends Omit<PinTrafficInput, 'shares'> {
  /** The latest ready revision; the caller has checked that it is. */
  readonly winner: string;
}

/** The `spec.traffic` under which later deployments get the traffic: 100 % latest, the tags pinned behind it. */
export function followLatestTraffic({ winner, ...input }: FollowLatestInput): readonly TrafficEntry[] {
  const pinned = pinTraffic({ ...input, shares: [{ revision: winner, percent: 100 }] });
  const tagged = pinned.filter(({ tag }) => tag !== undefined).map((entry) => ({ ...entry, percent: 0 }));
  return [{ latestRevision: true, percent: 100 }, ...tagged];
}

/** The percent of the traffic that each revision gets, entries of one revision added up; those without are left out. */
export function percentsByRevision(
  traffic: readonly TrafficEntry[],
  latestReadyRevision?: string,
): ReadonlyMap<string, number> {
  const percents = new Map<string, number>();
  for (const entry of traffic) {
    const revision = entryRevision(entry, latestReadyRevision) ?? 'the latest revision';
    const percent = entry.percent ?? 0;
    if (percent > 0) percents.set(revision, (percents.get(revision) ?? 0) + percent);
  }
  return percents;
}

/** Whether the traffic goes to the revisions in exactly these shares. */
export function servesShares(traffic: readonly TrafficEntry[], shares: readonly Share[]): boolean {
  return haveShares(percentsByRevision(traffic), shares);
}

/** Whether the revisions that serve have exactly these shares, and no other one serves. */
export function haveShares(percents: ReadonlyMap<string, number>, shares: readonly Share[]): boolean {
  const serving = shares.filter(({ percent }) => percent > 0);
  return (
    serving.length === percents.size && serving.every(({ revision, percent }) => percents.get(revision) === percent)
  );
}

/** `sample-app-v1 90 %, sample-app-v2 10 %`, in the order given. */
export function formatPercents(percents: ReadonlyMap<string, number>): string {
  return [...percents].map(([revision, percent]) => `${revision} ${percent} %`).join(', ') || 'no traffic';
}

/** Formats shares as `formatPercents` does. */
export function formatShares(shares: readonly Share[]): string {
  return formatPercents(new Map(shares.map(({ revision, percent }) => [revision, percent])));
}

function requireWhole(shares: readonly Share[]): void {
  const sum = shares.reduce((total, { percent }) => total + percent, 0);
  const isLegal = shares.every(({ percent }) => Number.isInteger(percent) && percent >= 0);
  if (!isLegal || sum !== 100)
    throw new Error(`percents of traffic must be whole and sum to 100: ${formatShares(shares)}`);
}

function entryRevision(
  { revisionName, latestRevision }: TrafficEntry,
  latestReadyRevision?: string,
): string | undefined {
  if (revisionName !== undefined && revisionName !== '') return revisionName;
  return latestRevision === true ? latestReadyRevision : undefined;
}

function pinEntry(
  entry: TrafficEntry,
  latestReadyRevision: string | undefined,
  shares: readonly Share[],
): Omit<TrafficEntry, 'percent'> {
  const tag = entry.tag === undefined || entry.tag === '' ? {} : { tag: entry.tag };
  const revision = entryRevision(entry, latestReadyRevision);
  const isOurs = shares.some((share) => share.revision === revision);
  if (entry.latestRevision === true && !isOurs) return { latestRevision: true, ...tag };
  return revision === undefined ? tag : { revisionName: revision, ...tag };
}

function hasEntry(entries: readonly TrafficEntry[], revision: string): boolean {
  return entries.some(({ revisionName }) => revisionName === revision);
}

/** A revision needs one entry for each of its tags, and one without a tag only when it has none. */
function withoutDuplicates(entries: readonly TrafficEntry[]): readonly TrafficEntry[] {
  const key = ({ revisionName, tag }: TrafficEntry): string => `${revisionName ?? ''}/${tag ?? ''}`;
  const unique = [...new Map(entries.map((entry) => [key(entry), entry])).values()];
  return unique.filter(
    (entry) =>
      entry.tag !== undefined ||
      !unique.some((other) => other.tag !== undefined && other.revisionName === entry.revisionName),
  );
}
