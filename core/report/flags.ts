import { formatInstant } from '../text/instant.ts';
import type { Report } from './report.ts';
import type { HumanRequest } from '../planner/requests.ts';
import { formatRequest } from '../planner/requests.ts';

/** What is special about an experiment right now, beside its stage. */
export interface Flag {
  readonly name: 'waiting' | 'aborting' | 'paused' | 'awaiting approval' | 'approved' | 'blind' | 'suspect';
  /** Who, since when and why, in one line; empty when the name says it all. */
  readonly detail: string;
}

/** The flags of an experiment, the most urgent first; none once it has ended. */
export function flagsOf(report: Report): readonly Flag[] {
  if (report.outcome !== undefined) return [];
  const { waitingFor, abortRequested, paused, awaitingApproval, approved, blind } = report;
  const flags: (Flag | undefined)[] = [
    abortRequested && { name: 'aborting', detail: detailOfRequest(abortRequested) },
    waitingFor && { name: 'waiting', detail: `for ${holderOf(waitingFor)}: ${waitingFor.why}` },
    blind && { name: 'blind', detail: `since ${formatInstant(blind.sinceMs)}: ${blind.reason}` },
    racing(report).some(({ suspect }) => suspect) ? { name: 'suspect', detail: suspicionOf(report) } : undefined,
    paused && { name: 'paused', detail: detailOfRequest(paused) },
    awaitingApproval && { name: 'awaiting approval', detail: gateOf(awaitingApproval) },
    approved && { name: 'approved', detail: detailOfRequest(approved) },
  ];
  return flags.filter((flag) => flag !== undefined);
}

function detailOfRequest(request: HumanRequest): string {
  return formatRequest(`at ${formatInstant(request.atMs)}`, request);
}

function holderOf({ workflowId, temporalNamespace, temporalAddress }: NonNullable<Report['waitingFor']>): string {
  return `${workflowId} (namespace ${temporalNamespace} at ${temporalAddress})`;
}

/** Who is out of the race has no traffic to harm. */
function racing({ judged }: Report): Report['judged'] {
  return judged.filter(({ out }) => out === undefined);
}

function suspicionOf(report: Report): string {
  const suspects = racing(report)
    .flatMap(({ assessment }) => assessment?.objectives ?? [])
    .filter(({ suspect }) => suspect);
  return suspects.map(({ reason }) => reason).join('; ');
}

function gateOf({ sinceMs, untilMs }: NonNullable<Report['awaitingApproval']>): string {
  return `since ${formatInstant(sinceMs)}, rolls back at ${formatInstant(untilMs)}`;
}
