import { formatInstant } from '../text/instant.ts';

/** A period of time, by the clock of a time zone: once, or again and again. */
export interface Period {
  /** What people call it. */
  readonly name?: string;
  /** The beginning of the first one, as the clock shows it: `2026-12-18T17:00`. */
  readonly from: string;
  /** The end of the first one, as the clock shows it. */
  readonly to: string;
  /** IANA's name of the time zone. */
  readonly timeZone: string;
  /** How it recurs, a rule of RFC 5545: `FREQ=WEEKLY;BYDAY=FR`. */
  readonly repeat?: string;
  /** Beginnings at which it does not recur, as the clock shows them. */
  readonly except?: readonly string[];
}

/** When weights may rise and promotions may happen: within one of `open`, where there are any, and in none of `closed`. */
export interface Calendar {
  readonly open: readonly Period[];
  readonly closed: readonly Period[];
}

/** That a calendar allows no advance at a time. */
export interface Closure {
  readonly why: string;
  /** When it allows one again, epoch ms; absent where that is not known, or never. */
  readonly untilMs?: number;
}

/** `closed until 2027-01-04 07:00:00 UTC: Christmas`. */
export function formatClosure({ why, untilMs }: Closure): string {
  return `closed${untilMs === undefined ? '' : ` until ${formatInstant(untilMs)}`}: ${why}`;
}

/** Whether a calendar allows advances at a time, and when that changes, epoch ms; absent: never, as far as anybody can see. */
export interface Opening {
  readonly closure?: Closure;
  readonly changesAtMs?: number;
}

/** `open until 2026-12-18 11:00:00 UTC`, or why it is closed. */
export function formatOpening({ closure, changesAtMs }: Opening): string {
  if (closure !== undefined) return formatClosure(closure);
  return `open${changesAtMs === undefined ? '' : ` until ${formatInstant(changesAtMs)}`}`;
}
