const dayMs = 86_400_000;

/**
 * Formats a time as `2026-11-23 10:00:05 UTC`. Written without the engine's own calendar, so that it is the same in a
 * replay; the calendar is H. Hinnant's `civil_from_days` (https://howardhinnant.github.io/date_algorithms.html).
 */
export function formatInstant(epochMs: number): string {
  const days = Math.floor(epochMs / dayMs);
  const { year, month, day } = civilDate(days);
  return `${pad(year, 4)}-${pad(month)}-${pad(day)} ${formatTimeOfDay(epochMs)} UTC`;
}

/** Formats a time as Kubernetes writes it, `2026-11-23T10:00:05Z`. */
export function formatTimestamp(epochMs: number): string {
  return formatInstant(epochMs).replace(' UTC', 'Z').replace(' ', 'T');
}

/** The time of day in UTC, `10:00:05`. */
export function formatTimeOfDay(epochMs: number): string {
  const seconds = Math.floor((epochMs - Math.floor(epochMs / dayMs) * dayMs) / 1000);
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}

function civilDate(daysSinceEpoch: number): { year: number; month: number; day: number } {
  // Years begin in March here, so that the leap day is a year's last.
  const days = daysSinceEpoch + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}
