import { defined } from '../../core/text/defined.ts';
import { newestSample } from './checkpoint.ts';
import type { Window } from './difference.ts';
import { type PodHistogram, assembleHistograms } from './histogram.ts';
import { describeNoSeries, requireInSight } from './out-of-sight.ts';
import { tiers } from './packs.ts';
import type { Pack } from './packs.ts';
import type { Prometheus } from './prometheus.ts';
import { readCounters } from './readings.ts';
import { countRevision } from './revision-counts.ts';
import { countUp } from './scraping.ts';
import { nameSelector } from './selector.ts';
import { readStoreClock } from './store-clock.ts';
import { Unmeasured } from '../unmeasured.ts';

/** How many series Prometheus has of a kind of request metrics. */
export interface FamilySurvey {
  readonly family: string;
  readonly series: number;
}

/** What Prometheus has of a revision in a window of time. */
export interface RevisionSurvey {
  readonly revision: string;
  readonly families: readonly string[];
  readonly pods: number;
  /** Different times at which any of them was scraped. */
  readonly scrapes: number;
  readonly requests: number;
  /** The time of its newest sample; absent where it has none. */
  readonly newestMs?: number;
}

/** The revisions that a survey covers, in the window of `windowMs` before Prometheus' now. */
export interface SurveyRequest {
  readonly namespace: string;
  readonly revisions: readonly string[];
  /** The reader's clock, epoch ms. */
  readonly now: () => number;
  readonly windowMs: number;
  readonly scrapeIntervalMs: number;
}

/** The survey of all revisions, or why there is none. */
export type RevisionsSurvey =
  | {
      readonly kind: 'observed';
      readonly revisions: readonly RevisionSurvey[];
      /** What a run would say while no version has a series; absent where one has. */
      readonly noSeries?: string;
    }
  /** Why no interval could be measured now, and whether that may pass by itself. */
  | { readonly kind: 'unmeasured'; readonly reason: string; readonly mayPass: boolean };

/** Counts the series of each kind of request metrics; throws `Unmeasured` when Prometheus does not answer. */
export async function surveyFamilies(prometheus: Prometheus, nowMs: number): Promise<readonly FamilySurvey[]> {
  const packs = new Map(tiers.flat().map((pack) => [pack.family, pack]));
  return Promise.all([...packs.values()].map((pack) => surveyFamily(prometheus, pack, nowMs)));
}

/** Native histograms have the name of the family itself. */
async function surveyFamily(prometheus: Prometheus, { family, hasDots }: Pack, atMs: number): Promise<FamilySurvey> {
  const counts = [`${family}_count`, family].map(async (name) => {
    const query = `count(${nameSelector(name, prometheus.matchers)})`;
    const [count] = await prometheus.ask({ query, atMs }).catch((error: unknown) => {
      if (hasDots === true && error instanceof Unmeasured && error.kind === 'error') return [];
      throw error;
    });
    return count?.samples[0]?.value ?? 0;
  });
  const series = await Promise.all(counts);
  return { family, series: series.reduce((sum, one) => sum + one, 0) };
}

/**
 * Surveys each revision: by the counts of the window who counts and since when, and by the questions of a measurement whether the latest
 * scrapes can be used. The buckets of the whole window would be most of the store's answer.
 */
export async function surveyRevisions(prometheus: Prometheus, request: SurveyRequest): Promise<RevisionsSurvey> {
  const { namespace, revisions, now, windowMs, scrapeIntervalMs } = request;
  try {
    const clock = await readStoreClock(prometheus, now);
    const window = { fromMs: clock.endMs - windowMs, toMs: clock.endMs };
    await prometheus.ask({ query: countUp(prometheus), atMs: clock.nowMs });
    const responses = { namespace, revisions, toMs: window.toMs, rangeMs: windowMs, only: 'responses' } as const;
    const histograms = assembleHistograms(await readCounters(prometheus, responses));
    await requireUsable(prometheus, request, { window, histograms });
    await requireInSight(prometheus, histograms, { clock, scrapeIntervalMs });
    const surveyed = revisions.map((revision): RevisionSurvey => {
      const own = histograms.filter((histogram) => histogram.revision === revision);
      const { requests } = countRevision(revision, own, { window, birthsCount: false });
      return {
        revision,
        families: [...new Set(own.map(({ family }) => family))],
        pods: new Set(own.map(({ pod }) => pod)).size,
        scrapes: new Set(own.flatMap(({ snapshots }) => snapshots.map(({ atMs }) => atMs))).size,
        requests,
        ...defined({ newestMs: newestSample(own) }),
      };
    });
    const noSeries = histograms.length === 0 ? describeNoSeries(revisions) : undefined;
    return { kind: 'observed', revisions: surveyed, ...defined({ noSeries }) };
  } catch (error) {
    if (error instanceof Unmeasured) return { kind: 'unmeasured', reason: error.message, mayPass: error.mayPass };
    throw error;
  }
}

interface Surveyed {
  readonly window: Window;
  readonly histograms: readonly PodHistogram[];
}

/** Throws `Unmeasured` where the latest scrapes could not be measured, by the questions and the functions that measure an interval. */
async function requireUsable(
  prometheus: Prometheus,
  { namespace, revisions, scrapeIntervalMs }: SurveyRequest,
  { window: { fromMs, toMs }, histograms: earlier }: Surveyed,
): Promise<void> {
  const newestMs = newestSample(earlier) ?? toMs;
  const rangeMs = Math.min(toMs - fromMs, toMs - newestMs + 2 * scrapeIntervalMs);
  const readings = await readCounters(prometheus, { namespace, revisions, toMs, rangeMs });
  const histograms = assembleHistograms(readings, earlier);
  // All that they have ever counted: pods without a request of late may have other buckets too.
  const whole = { window: { fromMs: -Infinity, toMs }, birthsCount: true };
  for (const revision of revisions) countRevision(revision, histograms, whole);
}
