import { formatDuration } from '../../core/text/duration.ts';
import { lookbackMs } from './lateness.ts';
import type { Prometheus } from './prometheus.ts';
import { hasLiveSeries } from './readings.ts';
import { nameSelector } from './selector.ts';
import type { StoreClock } from './store-clock.ts';
import { Unmeasured } from '../unmeasured.ts';

/** Whose samples are awaited, and which were the newest so far; epoch ms by the store's clock. */
export interface Awaited {
  readonly namespace: string;
  readonly revisions: readonly string[];
  readonly seenMs: number;
}

/**
 * Where an interval ends in which the revisions have no new sample: at the newest scrape of anything, when their series have
 * ended or never were, so that they answered nothing.
 *
 * Throws `Unmeasured`, blind, while samples of theirs may still come, and when nothing at all was scraped: a Prometheus that has
 * just been started again answers from what it has stored, and "no requests" would be false. Back ends that never scrape have no
 * `up` at all, and are trusted.
 */
export async function endWithoutSamples(prometheus: Prometheus, awaited: Awaited, clock: StoreClock): Promise<number> {
  const { seenMs } = awaited;
  const since = `no sample after ${new Date(seenMs).toISOString()} has shown until ${new Date(clock.nowMs).toISOString()}`;
  if (await hasLiveSeries(prometheus, { ...awaited, toMs: clock.nowMs })) {
    const remedy = 'its requests will be counted when it shows; an interval should be longer than a scrape';
    throw new Unmeasured('blind', `${since}, ${formatDuration(clock.nowMs - seenMs)} later: ${remedy}`);
  }
  const scrapedMs = await newestScrape(prometheus, clock);
  if (scrapedMs !== undefined && scrapedMs > seenMs) return scrapedMs;
  const rangeMs = clock.nowMs - seenMs + lookbackMs;
  if (scrapedMs === undefined && !(await hasScraped(prometheus, { rangeMs, atMs: clock.nowMs }))) return clock.nowMs;
  throw new Unmeasured('blind', `Prometheus answers, but ${since}: it has just started, or its samples show late`);
}

/** The time of the newest scrape of any target; undefined where there was none lately. */
export async function newestScrape(prometheus: Prometheus, { nowMs }: StoreClock): Promise<number | undefined> {
  const query = `max(timestamp(${nameSelector('up', prometheus.matchers)}))`;
  const [newest] = await prometheus.ask({ query, atMs: nowMs });
  const seconds = newest?.samples.at(-1)?.value;
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/**
 * Whether Prometheus was at work at `atMs`. One that began later, its storage lost, cannot distinguish what is new
 * from what it has forgotten. Back ends that never scrape are trusted.
 */
export async function remembers(
  prometheus: Prometheus,
  { atMs, nowMs }: { readonly atMs: number; readonly nowMs: number },
): Promise<boolean> {
  const [then, now] = await Promise.all([
    prometheus.ask({ query: countUp(prometheus), atMs }),
    prometheus.ask({ query: countUp(prometheus), atMs: nowMs }),
  ]);
  return then.length > 0 || now.length === 0;
}

/** The query for the number of targets. */
export function countUp({ matchers }: Prometheus): string {
  return `count(${nameSelector('up', matchers)})`;
}

async function hasScraped(
  prometheus: Prometheus,
  { rangeMs, atMs }: { rangeMs: number; atMs: number },
): Promise<boolean> {
  const up = nameSelector('up', prometheus.matchers);
  const answer = await prometheus.ask({ query: `count(count_over_time(${up}[${Math.ceil(rangeMs)}ms]))`, atMs });
  return answer.length > 0;
}
