import { newestSample } from './checkpoint.ts';
import { assembleHistograms } from './histogram.ts';
import type { Prometheus } from './prometheus.ts';
import { readCounters } from './readings.ts';
import { newestScrape } from './scraping.ts';
import { readStoreClock } from './store-clock.ts';

/** Whose samples are looked for, and how to wait. */
export interface LagRequest {
  readonly namespace: string;
  readonly revisions: readonly string[];
  /** A lag below this is not measured exactly. */
  readonly limitMs: number;
  readonly scrapeIntervalMs: number;
  /** The reader's clock, epoch ms. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

const longestPollMs = 1000;
/** Samples of which the soonest counts: a busy machine may be late once. */
const mostSamples = 3;
/** How long new samples are waited for: a scrape for each, and one more. */
const patienceScrapes = mostSamples + 1;
const leastPatienceMs = 5_000;

/**
 * How late samples show: the age of the newest one at the moment at which it shows. Where it is less than the limit, it is not
 * waited for the next one, and the answer is some age below the limit. Undefined where nothing is scraped, or nothing new
 * shows, so that nothing is known.
 *
 * Throws `Unmeasured` when Prometheus does not answer.
 */
export async function measureLag(prometheus: Prometheus, request: LagRequest): Promise<number | undefined> {
  const { limitMs, scrapeIntervalMs, now, wait } = request;
  const pollMs = Math.min(longestPollMs, scrapeIntervalMs / 4);
  const untilMs = now() + Math.max(leastPatienceMs, patienceScrapes * scrapeIntervalMs);
  let newest = await readNewest(prometheus, request);
  if (newest === undefined || newest.ageMs < limitMs) return newest?.ageMs;
  const agesMs: number[] = [];
  while (agesMs.length < mostSamples && now() < untilMs) {
    await wait(pollMs);
    const next = await readNewest(prometheus, request);
    if (next === undefined || next.atMs === newest.atMs) continue;
    newest = next;
    agesMs.push(next.ageMs);
    if (next.ageMs < limitMs) break;
  }
  return agesMs.length === 0 ? undefined : Math.min(...agesMs);
}

async function readNewest(
  prometheus: Prometheus,
  { namespace, revisions, now }: LagRequest,
): Promise<{ readonly atMs: number; readonly ageMs: number } | undefined> {
  const clock = await readStoreClock(prometheus, now);
  const scrapedMs = await newestScrape(prometheus, clock);
  // Of what is only pushed, silence does not show whether it is late or has ended.
  if (scrapedMs === undefined) return undefined;
  const readings = await readCounters(prometheus, { namespace, revisions, toMs: clock.endMs });
  const atMs = Math.max(scrapedMs, newestSample(assembleHistograms(readings)) ?? 0);
  return { atMs, ageMs: Math.max(0, clock.nowMs - atMs) };
}
