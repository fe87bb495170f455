import type { TargetObservation, TrafficEntry } from './target.ts';

/** The traffic that the latest confirmed write left, by revision name and percent. */
export interface ExpectedTraffic {
  readonly firstRunId: string;
  readonly baseline: string;
  readonly candidate: string;
  readonly weight: number;
}

/** What the cluster's present state means for the run; see the drift table in the concepts. */
export type Drift =
  | { readonly kind: 'none'; readonly notes: readonly string[] }
  /** Somebody else decides about the traffic, or nothing is left to decide: stop, write nothing. */
  | { readonly kind: 'stop'; readonly reason: string }
  | { readonly kind: 'candidateGone'; readonly reason: string }
  | { readonly kind: 'candidateUnready'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Compares the target as the cluster reports it with the traffic that the plan chose. */
export function detectDrift(target: TargetObservation, expected: ExpectedTraffic): Drift {
  if (target.kind === 'unreachable') return { kind: 'unknown', reason: target.reason };
  if (target.kind === 'gone') return { kind: 'stop', reason: 'the Knative Service is gone' };
  if (target.baseline.kind === 'gone') {
    return { kind: 'stop', reason: `baseline revision ${expected.baseline} is gone; traffic left as it is` };
  }
  const edited = editedTraffic(target, expected);
  if (edited !== undefined) return { kind: 'stop', reason: edited };
  if (target.candidate.kind === 'gone') {
    return { kind: 'candidateGone', reason: `candidate revision ${expected.candidate} is gone` };
  }
  if (target.candidate.kind === 'unready') {
    const reason = `candidate revision ${expected.candidate} is not ready: ${target.candidate.reason}`;
    return { kind: 'candidateUnready', reason };
  }
  return { kind: 'none', notes: newRevisionNotes(target.latestCreatedRevision, expected) };
}

function editedTraffic(
  target: Extract<TargetObservation, { kind: 'seen' }>,
  expected: ExpectedTraffic,
): string | undefined {
  const by = target.editor === undefined ? '' : ` by ${target.editor}`;
  const otherRun = target.plan !== undefined && !target.plan.startsWith(`${expected.firstRunId}/`);
  if (otherRun) return `another run took the traffic over: plan ${target.plan}`;
  const found = formatTraffic(target.specTraffic);
  const wanted = formatShares(
    new Map([
      [expected.baseline, 100 - expected.weight],
      [expected.candidate, expected.weight],
    ]),
  );
  return found === wanted ? undefined : `spec.traffic was changed${by}: expected ${wanted}, found ${found}`;
}

function formatTraffic(traffic: readonly TrafficEntry[]): string {
  const shares = new Map<string, number>();
  for (const entry of traffic) {
    const revision = entry.revisionName ?? 'the latest revision';
    shares.set(revision, (shares.get(revision) ?? 0) + (entry.percent ?? 0));
  }
  return formatShares(shares);
}

function formatShares(shares: ReadonlyMap<string, number>): string {
  const serving = [...shares].filter(([, percent]) => percent > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  return serving.map(([revision, percent]) => `${revision} ${percent} %`).join(', ') || 'no traffic';
}

function newRevisionNotes(latest: string | undefined, expected: ExpectedTraffic): readonly string[] {
  if (latest === undefined || latest === expected.baseline || latest === expected.candidate) return [];
  return [`a newer revision ${latest} appeared; it has no traffic and stays at 0 %`];
}
