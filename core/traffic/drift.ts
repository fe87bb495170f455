import type { Share } from '../experiment/versions.ts';
import { formatPercents, haveShares, percentsByRevision } from './spec-traffic.ts';
import type { TargetObservation } from './target.ts';

/** What the run, and one of its judged versions, expects of the target. */
export interface ExpectedTarget {
  readonly firstRunId: string;
  /** The revisions of all versions, the baseline first. */
  readonly revisions: readonly string[];
  /** Whether the versions need be no revisions, since only the experiment's own load reaches them. */
  readonly areRevisionsOptional?: boolean;
  /** The shares of the latest confirmed write; absent where the run moves no traffic. */
  readonly shares?: readonly Share[];
  /** The index of the judged version among the revisions; 0 is the baseline. */
  readonly index: number;
}

/** How the cluster's present state differs from what the run expects, by its consequence for the run. */
export type Drift =
  | { readonly kind: 'none'; readonly notes: readonly string[] }
  /** Somebody else decides about the traffic, or nothing is left to decide: the run stops, and writes nothing. */
  | { readonly kind: 'stop'; readonly reason: string }
  | { readonly kind: 'candidateGone'; readonly reason: string }
  | { readonly kind: 'candidateUnready'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Compares the target as the cluster reports it with the traffic that the plan chose, for one judged version. */
export function detectDrift(target: TargetObservation, expected: ExpectedTarget): Drift {
  if (target.kind === 'unreachable') return { kind: 'unknown', reason: target.reason };
  if (target.kind === 'gone') return { kind: 'stop', reason: 'the Knative Service is gone' };
  if (expected.areRevisionsOptional === true) return { kind: 'none', notes: [] };
  const { revisions, index } = expected;
  if (target.revisions[0]?.kind === 'gone') {
    return { kind: 'stop', reason: `baseline revision ${revisions[0]} is gone; traffic left as it is` };
  }
  const edited = editedTraffic(target, expected);
  if (edited !== undefined) return { kind: 'stop', reason: edited };
  const state = target.revisions[index];
  const words = `${index === 0 ? 'baseline' : 'candidate'} revision ${revisions[index]}`;
  if (state?.kind === 'gone') return { kind: 'candidateGone', reason: `${words} is gone` };
  if (state?.kind === 'unready') {
    return { kind: 'candidateUnready', reason: `${words} is not ready: ${state.reason}` };
  }
  return { kind: 'none', notes: newRevisionNotes(target.latestCreatedRevision, expected) };
}

function editedTraffic(
  target: Extract<TargetObservation, { kind: 'observed' }>,
  expected: ExpectedTarget,
): string | undefined {
  if (expected.shares === undefined) return undefined;
  const by = target.editor === undefined ? '' : ` by ${target.editor}`;
  const otherRun = target.plan !== undefined && !target.plan.startsWith(`${expected.firstRunId}/`);
  if (otherRun) return `another run took the traffic over: plan ${target.plan}`;
  const found = percentsByRevision(target.specTraffic);
  if (haveShares(found, expected.shares)) return undefined;
  const wanted = new Map(expected.shares.map(({ revision, percent }) => [revision, percent]));
  return `spec.traffic was changed${by}: expected ${formatServing(wanted)}, found ${formatServing(found)}`;
}

/** Formats the revisions that serve, sorted by name. */
function formatServing(percents: ReadonlyMap<string, number>): string {
  const serving = [...percents].filter(([, percent]) => percent > 0).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return formatPercents(new Map(serving));
}

function newRevisionNotes(latest: string | undefined, { revisions }: ExpectedTarget): readonly string[] {
  if (latest === undefined || revisions.includes(latest)) return [];
  return [`a newer revision ${latest} appeared; it has no traffic and stays at 0 %`];
}
