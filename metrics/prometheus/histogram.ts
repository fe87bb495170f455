import { defined } from '../../core/text/defined.ts';
import type { Measures, Reading } from './readings.ts';
import { requireOneCluster } from './one-cluster.ts';
import { formatLabels } from './readings.ts';
import { lookbackMs, settleMs } from './lateness.ts';
import { Unmeasured } from '../unmeasured.ts';

/** What one scrape showed of a histogram, or the difference of two scrapes. Buckets are cumulative, by `le` in ms. */
export interface Snapshot {
  readonly atMs: number;
  readonly sum: number;
  readonly buckets: ReadonlyMap<number, number>;
}

/** The histogram of one pod and one response code through its life, as whole snapshots in order of time. */
export interface PodHistogram {
  readonly family: string;
  readonly revision: string;
  readonly pod: string;
  readonly code: string;
  readonly measures: Measures;
  /** The labels `job` and `instance` of what was scraped last; absent where it was not scraped by itself. */
  readonly scraped: { readonly job?: string; readonly instance?: string };
  readonly snapshots: readonly Snapshot[];
}

/**
 * Puts the counters together to one histogram for each pod and response code.
 *
 * Throws `Unmeasured` when the series are of several clusters, when two claim to be the same counter at the same time, and when
 * the newest scrape of a histogram is torn: its parts disagree. Older torn scrapes are left out, since whole ones follow, and so are
 * scrapes of which parts have not shown yet, for a while. `earlier` are the same processes over a longer time: what began in it is not new.
 */
export function assembleHistograms(
  readings: readonly Reading[],
  earlier: readonly PodHistogram[] = [],
): readonly PodHistogram[] {
  requireOneCluster(readings);
  const latestMs = readings.reduce((latest, reading) => Math.max(latest, newestMs(reading)), -Infinity);
  const groups = [...Map.groupBy(readings, histogramKey).values()];
  return withoutUnfinished(
    groups.flatMap((group) => assemble(group, latestMs)),
    earlier,
  );
}

/** Leaves out new histograms that lack boundaries which others have: these may show later than the rest. */
function withoutUnfinished(
  histograms: readonly PodHistogram[],
  earlier: readonly PodHistogram[],
): readonly PodHistogram[] {
  const latestMs = Math.max(...histograms.map(({ snapshots }) => snapshots.at(-1)?.atMs ?? -Infinity));
  const begins = new Map(earlier.map((one) => [histogramKey(one), one.snapshots[0]?.atMs]));
  const isUnfinished = (histogram: PodHistogram): boolean => {
    const { family, measures, snapshots } = histogram;
    const [first] = snapshots;
    const firstMs = begins.get(histogramKey(histogram)) ?? first?.atMs;
    if (first === undefined || firstMs === undefined || firstMs <= latestMs - settleMs) return false;
    const own = new Set(first.buckets.keys());
    const others = histograms.filter((other) => other.family === family && other.measures === measures);
    return others.some(({ snapshots: [other] }) => {
      return other !== undefined && own.size < other.buckets.size && hasAll(other.buckets, own);
    });
  };
  return histograms.filter((histogram) => !isUnfinished(histogram));
}

function histogramKey({ family, revision, pod, code }: Pick<Reading, 'family' | 'revision' | 'pod' | 'code'>): string {
  return JSON.stringify([family, revision, pod, code]);
}

function assemble(all: readonly Reading[], latestMs: number): readonly PodHistogram[] {
  const [first] = all;
  if (first === undefined) return [];
  const { family, revision, pod, code, measures } = first;
  const name = `${family} of revision ${revision}, pod ${pod}, code ${code}`;
  const readings = withOneOrigin(name, all, latestMs);
  const { labels } = readings.reduce((a, b) => (newestMs(b) > newestMs(a) ? b : a));
  const scraped = defined({ job: labels['job'], instance: labels['instance'] });
  const common = { family, revision, pod, code, measures, scraped };
  if (measures === 'responses') return [{ ...common, snapshots: responseSnapshots(readings) }];
  const boundaries = new Set(readings.flatMap(({ part }) => (typeof part === 'number' ? [part] : [])));
  const scrapes = collectScrapes(readings);
  const whole = scrapes.filter((scrape) => findDisagreement(scrape, boundaries) === undefined);
  requireWholeEnd(name, { scrapes, boundaries, wholeMs: whole.at(-1)?.atMs ?? scrapes[0]?.atMs ?? 0 });
  return [{ ...common, snapshots: whole }];
}

function newestMs({ samples }: Reading): number {
  return samples.at(-1)?.atMs ?? -Infinity;
}

/** Parts that are missing may show later, as in a store that is written to in pieces; parts that disagree stay so. */
function requireWholeEnd(
  name: string,
  {
    scrapes,
    boundaries,
    wholeMs,
  }: { readonly scrapes: readonly Scrape[]; readonly boundaries: ReadonlySet<number>; readonly wholeMs: number },
): void {
  const newest = scrapes.at(-1);
  const disagreement = newest && findDisagreement(newest, boundaries);
  if (newest === undefined || disagreement === undefined) return;
  if (isIncomplete(newest, boundaries) && newest.atMs - wholeMs < lookbackMs) return;
  const torn = `torn histogram: ${name}: ${disagreement}; the next scrape may be whole`;
  throw new Unmeasured('error', torn, { mayPass: true });
}

function isIncomplete({ sum, count, buckets }: Scrape, boundaries: ReadonlySet<number>): boolean {
  return Number.isNaN(sum) || Number.isNaN(count) || !buckets.has(Infinity) || !hasAll(buckets, boundaries);
}

function hasAll(buckets: ReadonlyMap<number, number>, boundaries: ReadonlySet<number>): boolean {
  return [...boundaries].every((boundary) => buckets.has(boundary));
}

/** A counter of responses is a histogram without latencies. */
function responseSnapshots(readings: readonly Reading[]): readonly Snapshot[] {
  const samples = readings.flatMap((reading) => reading.samples).sort((a, b) => a.atMs - b.atMs);
  return samples.map(({ atMs, value }) => ({ atMs, sum: 0, buckets: new Map([[Infinity, value]]) }));
}

/**
 * One pod may move to another scrape job, but two jobs at a time would count its requests twice: that is refused while it is so, and from
 * `settleMs` after it the job counts that has lasted longer.
 */
function withOneOrigin(name: string, readings: readonly Reading[], latestMs: number): readonly Reading[] {
  const lives = [...Map.groupBy(readings, ({ origin }) => formatLabels(origin))].map(([origin, members]) => ({
    origin,
    members,
    fromMs: Math.min(...members.map(({ samples }) => samples[0]?.atMs ?? Infinity)),
    toMs: Math.max(...members.map(newestMs)),
  }));
  const present = lives.filter(({ toMs }) => toMs > latestMs - settleMs).sort((a, b) => a.fromMs - b.fromMs);
  for (const [index, life] of present.entries()) {
    const following = present[index + 1];
    if (following === undefined || following.fromMs > life.toMs) continue;
    const both = `${life.origin} and ${following.origin}`;
    throw new Unmeasured('error', `two series for one value: ${name}: ${both}; scrape each pod once`);
  }
  let untilMs = Infinity;
  return lives
    .sort((a, b) => b.toMs - a.toMs)
    .flatMap(({ members, fromMs }) => {
      const endMs = untilMs;
      untilMs = Math.min(untilMs, fromMs);
      return members.map((one) => ({ ...one, samples: one.samples.filter(({ atMs }) => atMs < endMs) }));
    });
}

interface Scrape extends Snapshot {
  readonly count: number;
}

function collectScrapes(readings: readonly Reading[]): readonly Scrape[] {
  const scrapes = new Map<number, { atMs: number; sum: number; count: number; buckets: Map<number, number> }>();
  for (const { part, samples } of readings) {
    for (const { atMs, value } of samples) {
      const scrape = scrapes.get(atMs) ?? { atMs, sum: NaN, count: NaN, buckets: new Map<number, number>() };
      if (typeof part === 'number') scrape.buckets.set(part, value);
      else scrape[part] = value;
      scrapes.set(atMs, scrape);
    }
  }
  return [...scrapes.values()]
    .map((scrape) => ({ ...scrape, buckets: new Map([...scrape.buckets].sort(([a], [b]) => a - b)) }))
    .sort((a, b) => a.atMs - b.atMs);
}

/** How the parts of one scrape disagree, or `undefined` when it is whole. */
function findDisagreement({ sum, count, buckets }: Scrape, boundaries: ReadonlySet<number>): string | undefined {
  const infinite = buckets.get(Infinity);
  if (!Number.isFinite(sum)) return 'it has no sum';
  if (infinite === undefined || infinite !== count) return `bucket +Inf is ${infinite ?? 'missing'}, count is ${count}`;
  const missing = [...boundaries].find((boundary) => !buckets.has(boundary));
  if (missing !== undefined) return `bucket ${missing} ms is missing`;
  let below = 0;
  for (const [boundary, value] of buckets) {
    if (!(value >= below)) return `bucket ${boundary} ms is ${value}, less than the ${below} of the bucket below it`;
    below = value;
  }
  return undefined;
}
