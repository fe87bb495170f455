import type { Calendar, Closure } from '../core/experiment/calendar.ts';
import type { InNamespace } from './in-namespace.ts';

/** The ConfigMap with the calendar of a namespace, and its key. */
export const calendarConfigMap = 'serin-calendar';
export const calendarKey = 'calendar.yaml';

/** Whose calendars are asked. */
export interface CalendarInput extends InNamespace {
  /** The manifest's own. */
  readonly calendar?: Calendar;
}

/** What the calendars of an experiment say now. */
export interface CalendarReport {
  /** Whether there is any. */
  readonly hasCalendar: boolean;
  /** Present while they allow no advance. */
  readonly closed?: Closure;
}

export interface CalendarActivities {
  /** Asks the calendars of the manifest and of the namespace whether traffic may advance now. */
  readonly readCalendar: (input: CalendarInput) => Promise<CalendarReport>;
}
