import type { Calendar, Opening, Period } from '../../core/experiment/calendar.ts';
import { defined } from '../../core/text/defined.ts';
import { preparePeriod } from './occurrences.ts';
import type { FindNeighbours } from './occurrences.ts';

interface PreparedPeriod {
  readonly title: string;
  readonly neighbours: FindNeighbours;
}

interface PreparedCalendar {
  readonly open: readonly PreparedPeriod[];
  readonly closed: readonly PreparedPeriod[];
}

function prepare({ open, closed }: Calendar): PreparedCalendar {
  const prepared = (periods: readonly Period[]): readonly PreparedPeriod[] =>
    periods.map((period) => ({ title: periodTitle(period), neighbours: preparePeriod(period) }));
  return { open: prepared(open), closed: prepared(closed) };
}

/** What people call a period, else its times. */
function periodTitle({ name, from, to, timeZone, repeat }: Period): string {
  return name ?? `${from} to ${to} ${timeZone}${repeat === undefined ? '' : ` (${repeat})`}`;
}

/** Finds whether a calendar allows advances at a time, and when that changes, as far as that is found in a second. */
export function findOpening(calendar: Calendar, nowMs: number): Opening {
  const prepared = prepare(calendar);
  const why = whyClosed(prepared, nowMs);
  const changesAtMs = findChange(prepared, nowMs, why === undefined);
  if (why === undefined) return defined({ changesAtMs });
  return { closure: { why, ...defined({ untilMs: changesAtMs }) }, ...defined({ changesAtMs }) };
}

/** The period whose rule never recurs, as far as anybody can see; undefined where all do. */
export function findEmptyPeriod({ open, closed }: Calendar): string | undefined {
  const isEmpty = (period: Period): boolean => {
    try {
      const { last, next } = preparePeriod(period)(Date.parse(`${period.from}Z`));
      return last === undefined && next === undefined;
    } catch {
      return true;
    }
  };
  const found = [...open, ...closed].find(isEmpty);
  return found && periodTitle(found);
}

/** Why nothing advances at a time; undefined where it may. */
function whyClosed({ open, closed }: PreparedCalendar, nowMs: number): string | undefined {
  const freezes = closed.filter((period) => isWithin(period, nowMs));
  if (freezes.length > 0) return joinTitles(freezes);
  if (open.length === 0 || open.some((period) => isWithin(period, nowMs))) return undefined;
  return `not within ${joinTitles(open)}`;
}

function joinTitles(periods: readonly PreparedPeriod[]): string {
  return [...new Set(periods.map(({ title }) => title))].join(', ');
}

function isWithin({ neighbours }: PreparedPeriod, nowMs: number): boolean {
  const { last } = neighbours(nowMs);
  return last !== undefined && nowMs < last.toMs;
}

/** How long the next change is looked for, ms: others wrote the rules. */
const searchMs = 1_000;

/** When a calendar begins, or ends, to allow advances: where one period ends another may begin, or have begun. */
function findChange(calendar: PreparedCalendar, nowMs: number, isOpen: boolean): number | undefined {
  const untilMs = Date.now() + searchMs;
  for (let atMs = nowMs; Date.now() < untilMs;) {
    const next = nextEdge(calendar, atMs);
    if (next === undefined) return undefined;
    if ((whyClosed(calendar, next) === undefined) !== isOpen) return next;
    atMs = next;
  }
  return undefined;
}

/** The next time at which any period begins or ends. */
function nextEdge({ open, closed }: PreparedCalendar, nowMs: number): number | undefined {
  const edges = [...open, ...closed].flatMap(({ neighbours }) => {
    const { last, next } = neighbours(nowMs);
    return [...(last && last.toMs > nowMs ? [last.toMs] : []), ...(next ? [next.fromMs] : [])];
  });
  return edges.length === 0 ? undefined : Math.min(...edges);
}
