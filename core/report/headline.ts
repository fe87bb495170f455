import { defined } from '../text/defined.ts';
import { formatRequest } from '../planner/requests.ts';
import type { Outcome } from '../experiment/stage.ts';
import { formatNeeded } from './flags.ts';
import { isAlone, versionColumns } from './version-columns.ts';
import { formatProgress } from './web-ui-details.ts';
import type { Baking, Report } from './report.ts';

/** An experiment in a few words: what is happening, why, and what happens next. */
export interface Headline {
  readonly what: string;
  /** Empty where nothing explains it further. */
  readonly why: string;
  /** Absent while nothing is decided and nobody is needed. */
  readonly tone?: 'good' | 'bad' | 'warning' | 'call';
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

/** The headline of a run that was ended from outside, with all that is known of why. */
export function stoppedHeadline(report: Report | undefined, why: string): Headline {
  const at = report?.startedAtMs === undefined ? '' : `, at last ${weightsText(report)}`;
  return { what: `Stopped from outside${at}`, why, tone: 'bad' };
}

/** The version that an approval would promote, by name, as far as that is known. */
export function findPromotable({ awaitingApproval, winner, baseline, judged }: Report): string | undefined {
  if (awaitingApproval?.version !== undefined) return awaitingApproval.version;
  if (winner !== undefined && winner !== baseline.name) return winner;
  const [only, ...others] = judged.filter(({ out }) => out === undefined);
  return others.length === 0 ? only?.name : undefined;
}

function endedHeadline(report: Report): Headline | undefined {
  const { outcome, reason, message, baseline, winner } = report;
  if (outcome === undefined) return undefined;
  const conforms = winner !== undefined;
  const words: Readonly<Record<Outcome, Required<Pick<Headline, 'what' | 'tone'>>>> = {
    Promoted: { what: `Promoted ${winner ?? 'the candidate'}`, tone: 'good' },
    RolledBack: { what: `Rolled back to ${baseline.name}`, tone: 'warning' },
    Aborted: { what: 'Aborted', tone: 'warning' },
    Failed: { what: 'Failed', tone: 'bad' },
    // Only a conformance test ends so.
    Concluded: conforms
      ? { what: `${baseline.name} conforms`, tone: 'good' }
      : { what: `${baseline.name} is not shown to conform`, tone: 'warning' },
  };
  return { ...words[outcome], why: reason ?? message };
}

/** What people, or what cannot be seen, have made of the plan. */
function interruptedHeadline(report: Report): Headline | undefined {
  const { abortRequested, awaitingApproval, approved, baking, paused, closed, blind, retrying } = report;
  if (abortRequested !== undefined) {
    const isMoved = report.startedAtMs !== undefined && !isAlone(report);
    const next = { what: isMoved ? `all traffic goes to ${report.baseline.name}` : 'it ends' };
    return { what: 'Aborting', why: formatRequest('asked to abort', abortRequested), tone: 'warning', next };
  }
  if (baking !== undefined) return bakingHeadline(report, baking);
  if (awaitingApproval !== undefined && approved === undefined) {
    const { promotes = false, untilMs: atMs } = awaitingApproval;
    const next = { what: promotes ? 'promotes unless somebody rejects' : 'rolls back unless somebody approves', atMs };
    const waiting = `${findPromotable(report) ?? 'the candidate that wins'} may be promoted`;
    const why = [report.weightReason ?? waiting, formatNeeded(awaitingApproval)].filter((text) => text !== undefined);
    return { what: 'Waits for approval', why: why.join('; '), tone: 'call', next };
  }
  if (paused !== undefined) {
    const what = `Paused, ${weightsText(report)}`;
    return { what, why: formatRequest('paused', paused), tone: 'warning', next: { what: 'somebody resumes it' } };
  }
  if (blind !== undefined) {
    const what = isAlone(report) ? 'Blind' : `Blind, holds ${weightsText(report)}`;
    return { what, why: blind.reason, tone: 'warning', ...observationNext(report) };
  }
  if (closed !== undefined) {
    const { why, untilMs: atMs } = closed;
    const next = {
      what: atMs === undefined ? 'the calendar allows an advance' : 'may advance again',
      ...defined({ atMs }),
    };
    return { what: `Closed by the calendar, ${weightsText(report)}`, why, tone: 'warning', next };
  }
  if (awaitingApproval !== undefined && approved !== undefined) {
    const why = report.weightReason ?? formatRequest('approved', approved);
    return { what: formatRequest('Approved', approved), why, ...observationNext(report) };
  }
  if (retrying !== undefined && report.stage !== 'Waiting') {
    const next = { what: 'another attempt' };
    return { what: `Tries ${retrying.activity} again`, why: retrying.reason, tone: 'warning', next };
  }
  return undefined;
}

function bakingHeadline({ weightReason = '', baseline }: Report, { version, untilMs, rejected }: Baking): Headline {
  if (rejected !== undefined) {
    const next = { what: `all traffic goes to ${baseline.name}` };
    return { what: 'Rolling back', why: formatRequest('promotion rejected', rejected), tone: 'warning', next };
  }
  const next = { what: 'it stays unless it fails or somebody rejects it', atMs: untilMs };
  return { what: `Promoted ${version}, watched`, why: weightReason, tone: 'good', next };
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
