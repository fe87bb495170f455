import type { ObjectName } from '../../core/experiment/experiment.ts';
import { defined } from '../../core/text/defined.ts';
import { noCounts } from '../../core/measurements/measurement.ts';
import type { Checkpoint, Counts, Question, RunMeasurement, Visibility } from '../../core/measurements/measurement.ts';
import { countSince, newestSample, nextCheckpoint } from './checkpoint.ts';
import type { Sighting } from './checkpoint.ts';
import { isBornIn } from './difference.ts';
import { type PodHistogram, assembleHistograms } from './histogram.ts';
import type { KnownPacks } from './known-packs.ts';
import { lookbackMs } from './lateness.ts';
import type { PrometheusPlace } from './access.ts';
import { areScaledToZero, describeNoSeries, requireInSight } from './out-of-sight.ts';
import type { PodCounts } from './out-of-sight.ts';
import { type Prometheus, connectPrometheus } from './prometheus.ts';
import { readCounters } from './readings.ts';
import { endWithoutSamples, remembers } from './scraping.ts';
import { readStoreClock } from './store-clock.ts';
import type { StoreClock } from './store-clock.ts';
import { Unmeasured } from '../unmeasured.ts';

/** What to measure, where, and since when. */
export interface MeasureInput extends PrometheusPlace {
  /** How often Prometheus scrapes the revisions' pods. */
  readonly scrapeIntervalMs: number;
  /** Only its namespace is used: revisions are known by their names. */
  readonly target: ObjectName;
  /** The revisions of all versions, the baseline first. */
  readonly revisions: readonly string[];
  /** Where the window begins, epoch ms by the clock of `now`. */
  readonly fromMs: number;
  /** How far the requests have been counted; in the first interval they are counted from `fromMs` on. */
  readonly checkpoint?: Checkpoint;
  /** The reader's clock, epoch ms. */
  readonly now: () => number;
  /** The pods that Knative has of each revision; without it that is not known. */
  readonly countPods?: () => Promise<PodCounts>;
  /** What an earlier measurement has found out about the kinds of request metrics; without it all of them are asked for. */
  readonly knownPacks?: KnownPacks;
  /** Whether something else is judged too, so that a target without any series is one without requests. Default: false. */
  readonly hasOtherMetrics?: boolean;
  /** Aborts the measurement; the abort is rethrown, not reported as an outage. */
  readonly signal: AbortSignal;
}

/** The limit of all queries of one measurement together; the activity's own limit is above it. */
const answerLimitMs = 10_000;

/**
 * Measures what all versions have answered since the checkpoint, from raw counters.
 *
 * The window ends at the newest sample that the store shows; what shows later is counted in the interval in which it is seen. A back
 * end that does not answer, shows no new sample of series that live, cannot scrape a pod, or has no series of any version is `blind`; an
 * answer that cannot be used is an `error`; a revision without series beside one that has some had no requests.
 */
export async function measure(input: MeasureInput): Promise<RunMeasurement> {
  const { baseUrl, access, signal, now } = input;
  const prometheus = connectPrometheus({ baseUrl, access, signal, limitMs: answerLimitMs });
  let visibility: Visibility | undefined;
  try {
    const clock = await readStoreClock(prometheus, now);
    const checkpoint = input.checkpoint ?? openCheckpoint(input, clock);
    const asked: Question[] = [];
    const sighting = await readSince(noting(prometheus, asked), input, { checkpoint, clock });
    visibility = describeVisibility(newestSample(sighting.histograms), clock);
    const counts = countSince(checkpoint, sighting);
    const seenMs = await findEnd(prometheus, input, { checkpoint, clock, sighting, counts });
    visibility = describeVisibility(seenMs, clock);
    await requireSight(prometheus, input, { checkpoint, clock, histograms: sighting.histograms });
    const [baseline = noCounts, ...candidates] = counts;
    return {
      kind: 'measured',
      fromMs: input.fromMs,
      toMs: Math.max(input.fromMs + 1, seenMs - clock.differenceMs),
      baseline,
      candidates,
      // Queries without series are about other kinds of request metrics, and explain nothing.
      asked: asked.filter(({ series }) => series > 0),
      checkpoint: nextCheckpoint(checkpoint, sighting, seenMs),
      visibility,
    };
  } catch (error) {
    if (!(error instanceof Unmeasured)) throw error;
    const { kind, message: reason } = error;
    return kind === 'blind' ? { kind, reason, ...defined({ visibility }) } : { kind, reason };
  }
}

/** The first interval begins where the reader's clock was at `fromMs`, by the store's clock. */
function openCheckpoint({ fromMs }: MeasureInput, { differenceMs }: StoreClock): Checkpoint {
  return { sinceMs: fromMs + differenceMs, seenMs: fromMs + differenceMs, counted: [] };
}

function describeVisibility(newestMs: number | undefined, { nowMs, differenceMs }: StoreClock): Visibility {
  const lagMs = newestMs === undefined ? undefined : Math.max(0, nowMs - newestMs);
  return { clockMs: differenceMs, ...defined({ lagMs }) };
}

interface CountedSighting extends ReadingPlace {
  readonly sighting: Sighting;
  readonly counts: readonly Counts[];
}

/** Where the interval ends: at the newest sample, which may be an old one where others have shown late. */
async function findEnd(
  prometheus: Prometheus,
  { target: { namespace }, revisions }: MeasureInput,
  { checkpoint: { seenMs }, clock, sighting, counts }: CountedSighting,
): Promise<number> {
  const newestMs = newestSample(sighting.histograms);
  if (newestMs !== undefined && newestMs > seenMs) return newestMs;
  if (counts.some((one) => one !== noCounts)) return seenMs;
  return endWithoutSamples(prometheus, { namespace, revisions, seenMs }, clock);
}

/** Throws `Unmeasured`, blind, while a pod that has been counted cannot be scraped, and where nothing is known of any version. */
async function requireSight(
  prometheus: Prometheus,
  input: MeasureInput,
  { histograms, ...place }: ReadingPlace & Pick<Sighting, 'histograms'>,
): Promise<void> {
  await requireInSight(prometheus, histograms, { clock: place.clock, scrapeIntervalMs: input.scrapeIntervalMs });
  if (histograms.length === 0) await requireSeries(prometheus, input, place);
}

/** Throws `Unmeasured`, blind, where no version has a series: that says nothing about a candidate. */
async function requireSeries(prometheus: Prometheus, input: MeasureInput, place: ReadingPlace): Promise<void> {
  if (input.hasOtherMetrics === true) return;
  if ((await readHistograms(prometheus, input, place, lookbackMs)).length > 0) return;
  if (areScaledToZero((await input.countPods?.()) ?? [])) return;
  throw new Unmeasured('blind', describeNoSeries(input.revisions));
}

/** Records every query and the size of its answer. */
function noting(prometheus: Prometheus, asked: Question[]): Prometheus {
  return {
    ...prometheus,
    ask: async (question) => {
      const { query, atMs } = question;
      const answer = await prometheus.ask(question);
      const samples = answer.reduce((sum, one) => sum + one.samples.length + (one.histograms?.length ?? 0), 0);
      if (atMs !== undefined) asked.push({ query, atMs, series: answer.length, samples });
      return answer;
    },
  };
}

interface ReadingPlace {
  readonly checkpoint: Checkpoint;
  readonly clock: StoreClock;
}

/**
 * Two scrapes before the checkpoint hold the opening values of all that was scraped regularly. A counter that seems new
 * may only have been missed, as in pods under load, and counting its whole life again would be false: so a longer
 * range is read.
 */
async function readSince(prometheus: Prometheus, input: MeasureInput, place: ReadingPlace): Promise<Sighting> {
  const { revisions, scrapeIntervalMs } = input;
  const { sinceMs } = place.checkpoint;
  const { nowMs, endMs } = place.clock;
  const window = { fromMs: sinceMs, toMs: endMs };
  const near = await readHistograms(prometheus, input, place, 2 * scrapeIntervalMs);
  const sighting = { revisions, endMs };
  if (!near.some((histogram) => isBornIn(histogram, window)))
    return { ...sighting, histograms: near, birthsCount: true };
  const [histograms, birthsCount] = await Promise.all([
    readHistograms(prometheus, input, place, Math.max(lookbackMs, 2 * scrapeIntervalMs)),
    // One scrape earlier: every target has then been scraped once before the window.
    remembers(prometheus, { atMs: sinceMs - scrapeIntervalMs, nowMs }),
  ]);
  return { ...sighting, histograms, birthsCount };
}

async function readHistograms(
  prometheus: Prometheus,
  { target, revisions, knownPacks }: MeasureInput,
  { checkpoint, clock: { endMs } }: ReadingPlace,
  beforeMs: number,
): Promise<readonly PodHistogram[]> {
  const rangeMs = Math.max(0, endMs - checkpoint.sinceMs) + beforeMs;
  const request = { namespace: target.namespace, revisions, toMs: endMs, rangeMs };
  const kinds = defined({ packs: knownPacks, counted: checkpoint.families });
  return assembleHistograms(await readCounters(prometheus, request, kinds));
}
