import type { PodHistogram, Snapshot } from './histogram.ts';

/** The window (fromMs, toMs], epoch milliseconds. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Whether the first scrape of the histogram lies inside the window: a birth, unless earlier scrapes were missed. */
export function isBornIn({ snapshots }: PodHistogram, { fromMs }: Window): boolean {
  const [first] = snapshots;
  return first !== undefined && first.atMs > fromMs;
}

/**
 * What was added to the histogram inside the window.
 *
 * The value at `fromMs` is that of the last scrape until then. A histogram that is born in the window counts from 0, or
 * from its first scrape when `birthsCount` is false. After a reset, when any counter fell, the new values count. What a
 * dead pod counted until its last scrape stays.
 */
export function difference({ snapshots }: PodHistogram, window: Window, birthsCount: boolean): Snapshot {
  const before = snapshots.findLast(({ atMs }) => atMs <= window.fromMs);
  const inside = snapshots.filter(({ atMs }) => atMs > window.fromMs && atMs <= window.toMs);
  const opening = before ?? (birthsCount ? undefined : inside[0]);
  const total = { atMs: window.toMs, sum: 0, buckets: new Map<number, number>() };
  let last = opening;
  for (const snapshot of inside) {
    add(total, snapshot, last !== undefined && hasReset(last, snapshot) ? undefined : last);
    last = snapshot;
  }
  return total;
}

/** All counters of a histogram reset together, even where a small bucket has already overtaken its old value. */
function hasReset(before: Snapshot, after: Snapshot): boolean {
  return after.sum < before.sum || [...before.buckets].some(([le, count]) => (after.buckets.get(le) ?? 0) < count);
}

function add(
  total: { sum: number; buckets: Map<number, number> },
  after: Snapshot,
  before: Snapshot | undefined,
): void {
  total.sum += after.sum - (before?.sum ?? 0);
  for (const [le, count] of after.buckets) {
    total.buckets.set(le, (total.buckets.get(le) ?? 0) + count - (before?.buckets.get(le) ?? 0));
  }
}
