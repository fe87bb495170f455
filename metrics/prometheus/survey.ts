import { assembleHistograms } from './histogram.ts';
import { tiers } from './packs.ts';
import type { Prometheus } from './prometheus.ts';
import { readCounters } from './readings.ts';
import { countRevision } from './revision-counts.ts';
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
}

/** The revisions that a survey covers, in the window of `windowMs` before `nowMs`. */
export interface SurveyRequest {
  readonly namespace: string;
  readonly revisions: readonly string[];
  /** Epoch ms. */
  readonly nowMs: number;
  readonly windowMs: number;
}

/** The survey of all revisions, or why there is none. */
export type RevisionsSurvey =
  | { readonly kind: 'observed'; readonly revisions: readonly RevisionSurvey[] }
  /** Why no interval could be measured now. */
  | { readonly kind: 'unmeasured'; readonly reason: string };

/** Counts the series of each kind of request metrics; throws `Unmeasured` when Prometheus does not answer. */
export async function surveyFamilies(prometheus: Prometheus, nowMs: number): Promise<readonly FamilySurvey[]> {
  const families = [...new Set(tiers.flat().map(({ family }) => family))];
  return Promise.all(
    families.map(async (family) => {
      const [count] = await prometheus.ask({ query: `count(${family}_count)`, atMs: nowMs });
      return { family, series: count?.samples[0]?.value ?? 0 };
    }),
  );
}

/** Surveys each revision with the functions that measure an interval. */
export async function surveyRevisions(prometheus: Prometheus, request: SurveyRequest): Promise<RevisionsSurvey> {
  const { namespace, revisions, nowMs, windowMs } = request;
  const window = { fromMs: nowMs - windowMs, toMs: nowMs };
  try {
    const readings = await readCounters(prometheus, { namespace, revisions, toMs: nowMs, rangeMs: windowMs });
    const histograms = assembleHistograms(readings);
    const surveyed = revisions.map((revision): RevisionSurvey => {
      const own = histograms.filter((histogram) => histogram.revision === revision);
      const { requests } = countRevision(revision, own, { window, birthsCount: false });
      return {
        revision,
        families: [...new Set(own.map(({ family }) => family))],
        pods: new Set(own.map(({ pod }) => pod)).size,
        scrapes: new Set(own.flatMap(({ snapshots }) => snapshots.map(({ atMs }) => atMs))).size,
        requests,
      };
    });
    return { kind: 'observed', revisions: surveyed };
  } catch (error) {
    if (error instanceof Unmeasured) return { kind: 'unmeasured', reason: error.message };
    throw error;
  }
}
