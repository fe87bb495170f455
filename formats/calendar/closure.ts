import type { Calendar, Opening, Period } from '../../core/experiment/calendar.ts';
import { defined } from '../../core/text/defined.ts';
import { findNeighbours } from './occurrences.ts';

/** Finds whether a calendar allows advances at a time. */
export function findOpening(calendar: Calendar, nowMs: number): Opening {
  const why = whyClosed(calendar, nowMs);
  const changesAtMs = findChange(calendar, nowMs, why === undefined);
  if (why === undefined) return defined({ changesAtMs });
  return { closure: { why, ...defined({ untilMs: changesAtMs }) }, ...defined({ changesAtMs }) };
}

/** The period whose rule never recurs, as far as anybody can see; undefined where all do. The worker holds such an experiment. */
export function findEmptyPeriod({ open, closed }: Calendar): string | undefined {
  const isEmpty = (period: Period): boolean => {
    try {
      const { last, next } = findNeighbours(period, Date.parse(`${period.from}Z`));
      return last === undefined && next === undefined;
    } catch {
      return true;
    }
  };
  const found = [...open, ...closed].find(isEmpty);
  return found && periodTitle(found);
}

/** Why nothing advances at a time; undefined where it may. */
function whyClosed({ open, closed }: Calendar, nowMs: number): string | undefined {
  const freezes = closed.filter((period) => isWithin(period, nowMs));
  if (freezes.length > 0) return [...new Set(freezes.map(periodTitle))].join(', ');
  if (open.length === 0 || open.some((period) => isWithin(period, nowMs))) return undefined;
  return `not within ${[...new Set(open.map(periodTitle))].join(', ')}`;
}

function isWithin(period: Period, nowMs: number): boolean {
  const { last } = findNeighbours(period, nowMs);
  return last !== undefined && nowMs < last.toMs;
}

/** What people call a period, else its times. */
function periodTitle({ name, from, to, timeZone, repeat }: Period): string {
  return name ?? `${from} to ${to} ${timeZone}${repeat === undefined ? '' : ` (${repeat})`}`;
}

/** Where one period ends another may begin, or have begun; after so many in a row nobody asks for the end. */
const mostEdges = 100;

/** When a calendar begins, or ends, to allow advances. */
function findChange(calendar: Calendar, nowMs: number, isOpen: boolean): number | undefined {
  let atMs = nowMs;
  for (let edge = 0; edge < mostEdges; edge += 1) {
    const next = nextEdge(calendar, atMs);
    if (next === undefined) return undefined;
    if ((whyClosed(calendar, next) === undefined) !== isOpen) return next;
    atMs = next;
  }
  return undefined;
}

/** The next time at which any period begins or ends. */
function nextEdge({ open, closed }: Calendar, nowMs: number): number | undefined {
  const edges = [...open, ...closed].flatMap((period) => {
    const { last, next } = findNeighbours(period, nowMs);
    return [...(last && last.toMs > nowMs ? [last.toMs] : []), ...(next ? [next.fromMs] : [])];
  });
  return edges.length === 0 ? undefined : Math.min(...edges);
}
