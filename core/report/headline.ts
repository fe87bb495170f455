import { formatRequest } from '../planner/requests.ts';
import type { Outcome } from '../experiment/stage.ts';
import { isAlone, versionColumns } from './version-columns.ts';
import { formatProgress } from './web-ui-details.ts';
import type { Report } from './report.ts';

/** An experiment in a few words: what is happening, why, and what happens next. */
export interface Headline {
  readonly what: string;
  /** Empty where nothing explains it further. */
  readonly why: string;
  readonly next?: NextStep;
}

/** What happens next unless something changes; with its time, epoch ms, where that is known. */
export interface NextStep {
  readonly what: string;
  readonly atMs?: number;
}

/** The headline of an experiment; the first of several things that are true at once is the most urgent. */
export function buildHeadline(report: Report): Headline {
  return endedHeadline(report) ?? interruptedHeadline(report) ?? stageHeadlines[report.stage](report);
}

function endedHeadline({ outcome, reason, message, baseline, winner }: Report): Headline | undefined {
  if (outcome === undefined) return undefined;
  const words: Readonly<Record<Outcome, string>> = {
    Promoted: `Promoted ${winner ?? 'the candidate'}`,
    RolledBack: `Rolled back to ${baseline.name}`,
    Aborted: 'Aborted',
    Failed: 'Failed',
    Concluded: winner === undefined ? 'Concluded without a winner' : `Concluded: ${winner} wins`,
  };
  return { what: words[outcome], why: reason ?? message };
}

/** What people, or what cannot be seen, have made of the plan. */
function interruptedHeadline(report: Report): Headline | undefined {
  const { abortRequested, awaitingApproval, paused, blind, retrying } = report;
  if (abortRequested !== undefined) {
    const next = { what: `all traffic goes to ${report.baseline.name}` };
    return { what: 'Aborting', why: formatRequest('asked to abort', abortRequested), next };
  }
  if (awaitingApproval !== undefined) {
    const next = { what: 'rolls back unless somebody approves', atMs: awaitingApproval.untilMs };
    const waiting = `${report.winner ?? 'the candidate'} may be promoted`;
    return { what: 'Waits for approval', why: report.weightReason ?? waiting, next };
  }
  if (paused !== undefined) {
    const what = `Paused, ${weightsText(report)}`;
    return { what, why: formatRequest('paused', paused), next: { what: 'somebody resumes it' } };
  }
  if (blind !== undefined) {
    return { what: `Blind, holds ${weightsText(report)}`, why: blind.reason, ...observationNext(report) };
  }
  if (retrying !== undefined && report.stage !== 'Waiting') {
    return { what: `Tries ${retrying.activity} again`, why: retrying.reason, next: { what: 'another attempt' } };
  }
  return undefined;
}

const stageHeadlines: Readonly<Record<Report['stage'], (report: Report) => Headline>> = {
  Waiting: ({ waitingFor }) =>
    waitingFor === undefined
      ? { what: 'Reads its manifest', why: '' }
      : { what: 'Waits for its target', why: waitingFor.why, next: { what: 'begins when the target is free' } },
  Initializing: ({ event }) => ({
    what: 'Checks what it needs',
    why: event.message,
    next: { what: 'the first step' },
  }),
  Running: (report) => ({
    what: `${weightsText(report)}, ${formatProgress(report)}`,
    why: report.weightReason ?? '',
    ...observationNext(report),
  }),
  Finishing: ({ event, weightReason }) => ({
    what: 'Finishes',
    why: weightReason ?? event.message,
    next: { what: 'its last tasks' },
  }),
  Completed: ({ event }) => ({ what: 'Completed', why: event.message }),
};

function observationNext({ nextAtMs }: Report): { readonly next?: NextStep } {
  if (nextAtMs === undefined) return {};
  return { next: { what: 'observes again', atMs: nextAtMs } };
}

function weightsText(report: Report): string {
  if (report.startedAtMs === undefined) return 'traffic untouched';
  if (isAlone(report)) return `${report.baseline.name} is measured`;
  const [, ...candidates] = versionColumns(report);
  return candidates.map(({ version, weight }) => `${version.name} at ${weight} %`).join(', ');
}
