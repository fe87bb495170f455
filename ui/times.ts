const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const shortDate = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit' });
const shortTime = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** The time of day in the reader's zone. */
export function formatTime(ms: number): string {
  return time.format(ms);
}

/** Date and time in the reader's zone. */
export function formatDateTime(ms: number): string {
  return dateAndTime.format(ms);
}

const fewMinutesMs = 10 * 60_000;
const manyHoursMs = 36 * 3_600_000;

/** A time on an axis, as exact as the axis is long; in the reader's zone. */
export function formatTick(ms: number, [from, to]: readonly [from: number, to: number]): string {
  if (to - from < fewMinutesMs) return time.format(ms);
  return (to - from < manyHoursMs ? shortTime : shortDate).format(ms);
}
