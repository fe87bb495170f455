import { formatDuration } from '../../core/text/duration.ts';
import type { Window } from './difference.ts';
import type { PodHistogram } from './histogram.ts';
import type { Prometheus } from './prometheus.ts';
import { Unmeasured } from '../unmeasured.ts';

/** How far back an earlier sample of a counter that seems new is searched: Prometheus' own look-back delta. */
export const lookbackMs = 5 * 60_000;

/** Scrapes that may be late or lost before the end of a window counts as not scraped. */
const tolerableScrapes = 3;

/**
 * Throws `Unmeasured`, blind, when nothing was scraped towards the end of the window: a Prometheus that has just been
 * started again answers from what it has stored, and "no requests" would be false. Back ends that never scrape have no
 * `up` at all, and are trusted.
 */
export async function requireFresh(
  prometheus: Prometheus,
  histograms: readonly PodHistogram[],
  { window: { fromMs, toMs }, scrapeIntervalMs }: { window: Window; scrapeIntervalMs: number },
): Promise<void> {
  const rangeMs = tolerableScrapes * scrapeIntervalMs;
  const isFresh = histograms.some(({ snapshots }) => (snapshots.at(-1)?.atMs ?? 0) > toMs - rangeMs);
  if (isFresh || (await hasScraped(prometheus, { rangeMs, atMs: toMs }))) return;
  if (!(await hasScraped(prometheus, { rangeMs: toMs - fromMs + lookbackMs, atMs: toMs }))) return;
  const [since, until] = [new Date(toMs - rangeMs).toISOString(), new Date(toMs).toISOString()];
  const doubt = `it has just started, or scrapes less often than every ${formatDuration(scrapeIntervalMs)}`;
  throw new Unmeasured('blind', `Prometheus answers, but scraped nothing between ${since} and ${until}: ${doubt}`);
}

/**
 * Whether Prometheus was at work at `atMs`. One that began later, its storage lost, cannot distinguish what is new
 * from what it has forgotten. Back ends that never scrape are trusted.
 */
export async function remembers(
  prometheus: Prometheus,
  { atMs, toMs }: { atMs: number; toMs: number },
): Promise<boolean> {
  const [then, now] = await Promise.all([
    prometheus.ask({ query: 'count(up)', atMs }),
    prometheus.ask({ query: 'count(up)', atMs: toMs }),
  ]);
  return then.length > 0 || now.length === 0;
}

async function hasScraped(
  prometheus: Prometheus,
  { rangeMs, atMs }: { rangeMs: number; atMs: number },
): Promise<boolean> {
  const answer = await prometheus.ask({ query: `count(count_over_time(up[${Math.ceil(rangeMs)}ms]))`, atMs });
  return answer.length > 0;
}
