import { formatDuration } from '../text/duration.ts';
import type { Visibility } from './measurement.ts';

/** A difference that is not worth a word. */
const negligibleMs = 1000;

/** How late samples show and how the clocks differ, for people: `the newest sample was 14 s old, the clocks agree`. */
export function formatVisibility({ lagMs, clockMs }: Visibility): string {
  const lag = lagMs === undefined ? 'there was no sample' : `the newest sample was ${formatDuration(lagMs)} old`;
  return `${lag}, ${formatClockDifference(clockMs)}`;
}

/** How the back end's clock differs from the reader's: `its clock is 5 min ahead`. */
export function formatClockDifference(clockMs: number): string {
  if (Math.abs(clockMs) < negligibleMs) return 'the clocks agree';
  return `its clock is ${formatDuration(Math.abs(clockMs))} ${clockMs > 0 ? 'ahead' : 'behind'}`;
}
