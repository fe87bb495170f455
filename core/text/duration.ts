/** A duration as people say it, in its two largest units: `20 ms`, `0.4 s`, `12 s`, `1 min 30 s`, `24 h`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms > 0 && ms < 100) return `${Math.ceil(ms)} ms`;
  if (ms < 9_950) return `${Number((ms / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return twoUnits(seconds, { size: 60, name: 'min' }, { size: 1, name: 's' });
  if (seconds < 2 * 86_400) return twoUnits(seconds, { size: 3_600, name: 'h' }, { size: 60, name: 'min' });
  return twoUnits(seconds, { size: 86_400, name: 'd' }, { size: 3_600, name: 'h' });
}

interface Unit {
  readonly size: number;
  readonly name: string;
}

/** Whole units; what is smaller than the second one is left out. */
function twoUnits(seconds: number, large: Unit, small: Unit): string {
  const rest = Math.floor((seconds % large.size) / small.size);
  const first = `${Math.floor(seconds / large.size)} ${large.name}`;
  return rest === 0 ? first : `${first} ${rest} ${small.name}`;
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/**
 * Reads a duration as Go and Prometheus write it, in whole numbers and falling units: `500ms`, `10s`, `1m30s`, `24h`.
 * Milliseconds; undefined when the text is no such duration.
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(?=\d)(\d{1,9}h)?(\d{1,9}m)?(\d{1,9}s)?(\d{1,9}ms)?$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+)(ms|[hms])/g);
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? Number.NaN), 0);
}
