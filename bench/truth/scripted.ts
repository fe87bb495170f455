import type { Counts } from '../../core/measurements/measurement.ts';
import { observeStore } from '../../test/support/observed-store.ts';
import type { Lateness } from '../../test/support/observed-store.ts';
import type { TruthRow } from './row.ts';

const latenesses: readonly Lateness[] = ['constant', 'by scrape', 'by series', 'outage', 'outage of a pod'];
const lags = [0, 15_000, 25_000, 60_000];
const skews = [0, 5 * 60_000, -5 * 60_000];
const intervals = [10_000, 12_000, 60_000];
const scrapeMs = 10_000;

/** Observes the scripted store with every lag, every way of coming late and every interval, each with one of the clocks. */
export async function* observeScripted(): AsyncGenerator<TruthRow> {
  for (const lateness of latenesses) {
    for (const [index, lagMs] of lags.entries()) {
      for (const [place, intervalMs] of intervals.entries()) {
        const skewMs = skews[(index + place) % skews.length] ?? 0;
        const { counted, answered, measurements } = await observeStore({
          lagMs,
          lateness,
          skewMs,
          intervalMs,
          scrapeMs,
        });
        yield {
          store: 'scripted',
          lagMs,
          shown: lateness,
          skewMs,
          intervalMs,
          counted: total(counted),
          answered: total(answered),
          measurements,
        };
      }
    }
  }
}

function total(counts: readonly Counts[]): number {
  return counts.reduce((sum, { requests }) => sum + requests, 0);
}
