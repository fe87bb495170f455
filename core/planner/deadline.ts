/** A deadline may be missed by this much before the grid restarts. */
const toleranceMs = 2000;

/**
 * The deadline that the next iteration counts from. Iterations keep to the grid `deadline + n * interval`; only when the
 * work of this one ended clearly late does the grid restart at `nowMs`, so that no step is shortened to catch up.
 */
export function nextDeadline(
  deadlineMs: number,
  nowMs: number,
): { readonly deadlineMs: number; readonly late: boolean } {
  const late = nowMs - deadlineMs > toleranceMs;
  return { deadlineMs: late ? nowMs : deadlineMs, late };
}
