import { newestSample } from './checkpoint.ts';
import { assembleHistograms } from './histogram.ts';
import { lookbackMs } from './lateness.ts';
import type { Prometheus } from './prometheus.ts';
import { readCounters } from './readings.ts';
import { newestScrape } from './scraping.ts';
import { readStoreClock } from './store-clock.ts';

/** Whose samples are looked for, and how to wait. */
export interface LagRequest {
  readonly namespace: string;
  readonly revisions: readonly string[];
  /** A lag below this is not measured exactly; more than it plus a scrape is not waited out. */
  readonly limitMs: number;
  readonly scrapeIntervalMs: number;
  /** The reader's clock, epoch ms. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

const longestPollMs = 1000;

/**
 * How late samples show: the age of the newest one at the moment at which it shows. Where that cannot be more than the limit,
 * some age below it; undefined where nothing is scraped, so that nothing is known.
 *
 * Throws `Unmeasured` when Prometheus does not answer.
 */
export async function measureLag(prometheus: Prometheus, request: LagRequest): Promise<number | undefined> {
  const { limitMs, scrapeIntervalMs, wait } = request;
  const pollMs = Math.min(longestPollMs, scrapeIntervalMs / 4);
  const first = await readNewest(prometheus, request);
  let latest = first;
  while (latest !== undefined && latest.atMs === first?.atMs && latest.ageMs > limitMs) {
    // So old a sample shows the lag by itself: the next one is due.
    if (latest.ageMs > limitMs + scrapeIntervalMs) break;
    await wait(pollMs);
    latest = await readNewest(prometheus, request);
  }
  return latest?.ageMs;
}

async function readNewest(
  prometheus: Prometheus,
  { namespace, revisions, now }: LagRequest,
): Promise<{ readonly atMs: number; readonly ageMs: number } | undefined> {
  const clock = await readStoreClock(prometheus, now);
  const scrapedMs = await newestScrape(prometheus, clock);
  // Of what is only pushed, silence does not show whether it is late or has ended.
  if (scrapedMs === undefined) return undefined;
  const rangeMs = clock.endMs - clock.nowMs + lookbackMs;
  const readings = await readCounters(prometheus, { namespace, revisions, toMs: clock.endMs, rangeMs });
  const atMs = Math.max(scrapedMs, newestSample(assembleHistograms(readings)) ?? 0);
  return { atMs, ageMs: Math.max(0, clock.nowMs - atMs) };
}
