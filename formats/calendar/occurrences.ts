import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import type { Period } from '../../core/experiment/calendar.ts';

/** One occurrence of a period, epoch ms; `toMs` is no part of it. */
export interface Occurrence {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The occurrences of a period around a time. */
export interface Neighbours {
  /** The last one that has begun. */
  readonly last?: Occurrence;
  /** The first one that begins later. */
  readonly next?: Occurrence;
}

/** Years, or days of a rule by the day, in which an occurrence must be found: others wrote the rule. */
const mostIterations = 4_000;
const mostCandidates = 50_000;

/** Finds the occurrences of one period around times. */
export type FindNeighbours = (nowMs: number) => Neighbours;

/** Prepares a period. What it returns, or itself, fails where the rule is none, or where none is found in a reasonable time. */
export function preparePeriod(period: Period): FindNeighbours {
  return period.repeat === undefined ? prepareOnly(period) : prepareRecurring(period, period.repeat);
}

function prepareOnly(period: Period): FindNeighbours {
  const only = occurrenceFrom(period, zoned(period.from, period));
  return (nowMs) => (only.fromMs <= nowMs ? { last: only } : { next: only });
}

function prepareRecurring(period: Period, repeat: string): FindNeighbours {
  const rule = new RRuleTemporal({
    rruleString: repeat,
    dtstart: zoned(period.from, period),
    exDate: (period.except ?? []).map((text) => zoned(text, period)),
    temporal: Temporal,
    maxIterations: mostIterations,
    maxCandidateEvaluations: mostCandidates,
  });
  return (nowMs) => {
    const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(period.timeZone);
    const last = rule.previous(now, true);
    const next = rule.next(now, false);
    return {
      ...(last && { last: occurrenceFrom(period, last) }),
      ...(next && { next: occurrenceFrom(period, next) }),
    };
  };
}

/** Each lasts as long as the first one by the clock: what ends at 17:00 does so on the day of a change to summer time too. */
function occurrenceFrom({ from, to }: Period, begin: Temporal.ZonedDateTime): Occurrence {
  const lasts = Temporal.PlainDateTime.from(from).until(Temporal.PlainDateTime.from(to), { largestUnit: 'days' });
  const end = begin.toPlainDateTime().add(lasts).toZonedDateTime(begin.timeZoneId);
  return { fromMs: begin.epochMilliseconds, toMs: end.epochMilliseconds };
}

function zoned(text: string, { timeZone }: Period): Temporal.ZonedDateTime {
  return Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone);
}
