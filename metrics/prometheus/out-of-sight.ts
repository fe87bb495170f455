import { formatDuration } from '../../core/text/duration.ts';
import { Unmeasured } from '../unmeasured.ts';
import { newestSample } from './checkpoint.ts';
import type { PodHistogram } from './histogram.ts';
import { lookbackMs } from './lateness.ts';
import type { Prometheus } from './prometheus.ts';
import { newestScrape } from './scraping.ts';
import { rangeSelector } from './selector.ts';
import type { StoreClock } from './store-clock.ts';

/** The pods that Knative has of each revision now, in their order; undefined where it does not say. */
export type PodCounts = readonly (number | undefined)[];

/** Scrapes of a pod that may be late or lost before it counts as out of sight. */
const tolerableScrapes = 3;

/** When the store is asked, and how often there should be a sample. */
export interface SightRequest {
  readonly clock: StoreClock;
  readonly scrapeIntervalMs: number;
}

/**
 * Says that the store has nothing of the versions. A series begins with the first request of a pod, so that a store without the series
 * and a target without a request look alike: neither says anything about the candidate.
 */
export function describeNoSeries(revisions: readonly string[]): string {
  const names = [...new Set(revisions)].join(' and ');
  return (
    `Prometheus has no request metrics of ${names} that serin knows: either no request has reached them, or their pods ` +
    'are not scraped, or the metrics have other names (docs/metrics.md)'
  );
}

/** Whether Knative says that no version has a pod: then there can be no request that nobody saw. */
export function areScaledToZero(pods: PodCounts): boolean {
  return pods.length > 0 && pods.every((count) => count === 0);
}

/**
 * Throws `Unmeasured`, blind, when a pod that has been counted is out of sight: its series have ended, and the newest scrape of it has
 * failed. An overloaded pod is often the one that cannot be scraped, and the others must not be judged in its place. The scrapes of
 * a pod that is gone end with it.
 */
export async function requireInSight(
  prometheus: Prometheus,
  histograms: readonly PodHistogram[],
  { clock, scrapeIntervalMs }: SightRequest,
): Promise<void> {
  const rangeMs = tolerableScrapes * scrapeIntervalMs;
  if (endedPods(histograms, clock.nowMs - rangeMs).length === 0) return;
  // What is late for all pods hides none of them.
  const seenMs = Math.max((await newestScrape(prometheus, clock)) ?? 0, newestSample(histograms) ?? 0);
  const ended = endedPods(histograms, seenMs - rangeMs);
  if (ended.length === 0) return;
  const scrapes = await prometheus.ask({ query: upSelector(prometheus, ended), atMs: seenMs });
  const failing = scrapes.filter(({ samples }) => {
    const newest = samples.at(-1);
    return newest !== undefined && newest.value === 0 && newest.atMs > seenMs - rangeMs;
  });
  const lost = ended.filter(({ job, instance }) => {
    return failing.some(({ labels }) => labels['job'] === job && labels['instance'] === instance);
  });
  if (lost.length > 0) throw new Unmeasured('blind', describeLost(lost, scrapeIntervalMs));
}

interface EndedPod {
  readonly revision: string;
  readonly pod: string;
  readonly job: string;
  readonly instance: string;
}

/** The pods whose newest sample is not newer than `sinceMs`, of those that are scraped themselves. */
function endedPods(histograms: readonly PodHistogram[], sinceMs: number): readonly EndedPod[] {
  const counted = histograms.filter(({ snapshots }) => snapshots.length > 0);
  const pods = Map.groupBy(counted, ({ revision, pod }) => JSON.stringify([revision, pod]));
  return [...pods.values()].flatMap((own) => {
    const newest = own.reduce((a, b) => (newestMs(b) > newestMs(a) ? b : a));
    const { job, instance } = newest.scraped;
    if (newestMs(newest) > sinceMs || job === undefined || instance === undefined) return [];
    // What no label names is known by all of its labels, of which its address says most.
    const pod = newest.pod.startsWith('{') ? instance : newest.pod;
    return [{ revision: newest.revision, pod, job, instance }];
  });
}

function newestMs({ snapshots }: PodHistogram): number {
  return snapshots.at(-1)?.atMs ?? -Infinity;
}

function upSelector({ matchers }: Prometheus, pods: readonly EndedPod[]): string {
  const jobs = [...new Set(pods.map(({ job }) => job))];
  const instances = [...new Set(pods.map(({ instance }) => instance))];
  return rangeSelector(
    'up',
    [
      ['job', jobs],
      ['instance', instances],
    ],
    lookbackMs,
    matchers,
  );
}

function describeLost(pods: readonly EndedPod[], scrapeIntervalMs: number): string {
  const names = [...new Set(pods.map(({ pod, revision }) => `${pod} of revision ${revision}`))].join(', ');
  const since = formatDuration(tolerableScrapes * scrapeIntervalMs);
  return `out of sight for ${since} or longer: ${names}: Prometheus has the target, and cannot scrape it (up is 0), so that the others would be judged in its place`;
}
