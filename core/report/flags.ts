import type { Closure } from '../experiment/calendar.ts';
import { formatInstant } from '../text/instant.ts';
import { formatApprovers } from '../experiment/approvers.ts';
import type { OpenGate, Report } from './report.ts';
import type { HumanRequest } from '../planner/requests.ts';
import { formatRequest } from '../planner/requests.ts';

/** What is special about an experiment right now, beside its stage. */
export interface Flag {
  readonly name:
    | 'waiting'
    | 'aborting'
    | 'retrying'
    | 'paused'
    | 'closed'
    | 'baking'
    | 'awaiting approval'
    | 'approved'
    | 'blind'
    | 'suspect';
  /** The details in one line: by whom, since when and why; empty where the name suffices. */
  readonly detail: string;
}

/** The flags of an experiment, the most urgent first; none once it has ended. */
export function activeFlags(report: Report): readonly Flag[] {
  if (report.outcome !== undefined) return [];
  const { waitingFor, retrying, abortRequested, paused, closed, baking, awaitingApproval, approved, blind } = report;
  const flags: (Flag | undefined)[] = [
    abortRequested && { name: 'aborting', detail: requestDetail(abortRequested) },
    waitingFor && { name: 'waiting', detail: `for ${holderText(waitingFor)}: ${waitingFor.why}` },
    retrying && { name: 'retrying', detail: retryDetail(retrying) },
    blind && { name: 'blind', detail: `since ${formatInstant(blind.sinceMs)}: ${blind.reason}` },
    remainingVersions(report).some(({ suspect }) => suspect)
      ? { name: 'suspect', detail: suspicionReason(report) }
      : undefined,
    paused && { name: 'paused', detail: requestDetail(paused) },
    closed && { name: 'closed', detail: closureDetail(closed) },
    baking && {
      name: 'baking',
      detail: `${baking.version} is promoted, watched until ${formatInstant(baking.untilMs)}`,
    },
    awaitingApproval && { name: 'awaiting approval', detail: gateDetail(awaitingApproval) },
    approved && { name: 'approved', detail: requestDetail(approved) },
  ];
  return flags.filter((flag) => flag !== undefined);
}

function requestDetail(request: HumanRequest): string {
  return formatRequest(`at ${formatInstant(request.atMs)}`, request);
}

function closureDetail({ why, untilMs }: Closure): string {
  return `${untilMs === undefined ? '' : `until ${formatInstant(untilMs)}: `}${why}`;
}

function holderText({ workflowId, temporalNamespace, temporalAddress }: NonNullable<Report['waitingFor']>): string {
  return `${workflowId} (namespace ${temporalNamespace} at ${temporalAddress})`;
}

/** Without the number of attempts, so that the text changes only with what is wrong. */
function retryDetail({ activity, reason }: NonNullable<Report['retrying']>): string {
  return `${activity}: ${reason}`;
}

/** The versions that are still judged: an eliminated one has no traffic to harm. */
function remainingVersions({ judged }: Report): Report['judged'] {
  return judged.filter(({ out }) => out === undefined);
}

function suspicionReason(report: Report): string {
  const suspects = remainingVersions(report)
    .flatMap(({ assessment }) => assessment?.objectives ?? [])
    .filter(({ suspect }) => suspect);
  return suspects.map(({ reason }) => reason).join('; ');
}

function gateDetail(gate: OpenGate): string {
  const { sinceMs, untilMs, promotes = false } = gate;
  const needed = formatNeeded(gate);
  const end = `${promotes ? 'promotes' : 'rolls back'} at ${formatInstant(untilMs)}`;
  return `since ${formatInstant(sinceMs)}, ${needed === undefined ? '' : `${needed}; `}${end}`;
}

/** Whose approval is needed yet, and who has given it; undefined where anybody's will do. */
export function formatNeeded(gate: OpenGate | undefined): string | undefined {
  const { approvers, approvals = [] } = gate ?? {};
  if (approvers === undefined) return undefined;
  const given = approvals.flatMap(({ verified }) => verified?.user ?? []);
  const by = given.length === 0 ? '' : ` (so far ${given.join(', ')})`;
  return `needs ${formatApprovers(approvers)}${by}`;
}
