import { addCounts } from '../../core/measurements/counters.ts';
import type { Checkpoint, Counts, RunMeasurement } from '../../core/measurements/measurement.ts';
import { noCounts } from '../../core/measurements/measurement.ts';
import { measure } from '../../metrics/prometheus/measure.ts';
import { scatter, writePods } from './scripted-pods.ts';
import type { PodsScript, Shape, ShownAt, WrittenPods } from './scripted-pods.ts';
import { startScriptedStore } from './scripted-store.ts';
import type { ScriptedStore } from './scripted-store.ts';

export const storeRevisions = ['app-v1', 'app-v2'];
const minute = 60_000;
const usualTrafficMs = 3.5 * minute;
/** When the observed run begins, by the store's clock. */
export const beginMs = Date.UTC(2026, 10, 29, 10);

/**
 * How samples come to be seen. After an outage the older ones show first, or, in the end, the newer ones for a minute before
 * those of the outage.
 */
export type Lateness = 'constant' | 'by scrape' | 'by series' | 'outage' | 'outage of a pod' | 'filled in last';

/** One way in which a store and its reader keep time. */
export interface Timing {
  readonly lagMs: number;
  readonly lateness: Lateness;
  /** The store's clock less the reader's. */
  readonly skewMs: number;
  readonly intervalMs: number;
  readonly scrapeMs: number;
  /** What the reader takes for it. Default: what it is. */
  readonly configuredScrapeMs?: number;
  /** How long an outage lasts. */
  readonly outageMs?: number;
  /** For how long pods answer requests. */
  readonly trafficMs?: number;
  /** Default: classic. */
  readonly shape?: Shape;
}

/** A baseline of two pods, one of which ends, and a candidate whose pods begin, end and restart. */
function podsScript({
  lagMs,
  lateness,
  scrapeMs,
  outageMs = 80_000,
  trafficMs = usualTrafficMs,
  shape = 'classic',
}: Timing): PodsScript {
  const at = (ms: number): number => beginMs + ms;
  const earlyMs = -3 * minute;
  return {
    scrapeMs,
    shape,
    fromMs: at(-30 * minute),
    toMs: at(60 * minute),
    shownAt: shownAt({ lateness, lagMs, outageMs }),
    pods: [
      { revision: 'app-v1', pod: 'old-1', fromMs: at(earlyMs), toMs: at(trafficMs) },
      { revision: 'app-v1', pod: 'old-2', fromMs: at(earlyMs), toMs: at(90_000) },
      { revision: 'app-v2', pod: 'new-1', fromMs: at(3_000), toMs: at(trafficMs), resetAtMs: at(150_000) },
      { revision: 'app-v2', pod: 'new-2', fromMs: at(100_000), toMs: at(trafficMs) },
      { revision: 'app-v2', pod: 'new-3', fromMs: at(170_000), toMs: at(200_000) },
    ],
  };
}

function shownAt({ lateness, lagMs, outageMs }: Required<Pick<Timing, 'lateness' | 'lagMs' | 'outageMs'>>): ShownAt {
  const outage = { fromMs: beginMs + 110_000, toMs: beginMs + 110_000 + outageMs };
  const afterOutage = (atMs: number): number =>
    (atMs >= outage.fromMs && atMs < outage.toMs ? outage.toMs + (atMs - outage.fromMs) / 8 : atMs) + lagMs;
  switch (lateness) {
    case 'constant':
      return ({ atMs }) => atMs + lagMs;
    case 'by scrape':
      return ({ pod, atMs }) => atMs + lagMs * scatter(`${pod} ${atMs}`);
    case 'by series':
      return ({ series, atMs }) => atMs + lagMs * scatter(`${series} ${atMs}`);
    case 'outage':
      return ({ atMs }) => afterOutage(atMs);
    case 'filled in last':
      return ({ atMs }) => (atMs >= outage.fromMs && atMs < outage.toMs ? outage.toMs + minute : atMs) + lagMs;
    case 'outage of a pod':
      return ({ pod, atMs }) => (pod === 'new-1' ? afterOutage(atMs) : atMs + lagMs);
  }
}

/** A store that pods write to, and what they answer. */
export interface PodStore extends Pick<WrittenPods, 'answered'> {
  readonly store: ScriptedStore;
}

/** Starts a store with all that its pods will ever write; its clock stands at the beginning. */
export async function startPodStore(timing: Timing): Promise<PodStore> {
  const { series, answered } = writePods(podsScript(timing));
  return { store: await startScriptedStore({ series, nowMs: beginMs }), answered };
}

/** What a run has counted, and what was answered in the same time. */
export interface Tally {
  readonly counted: readonly Counts[];
  readonly answered: readonly Counts[];
  readonly measurements: readonly RunMeasurement[];
}

/** Observes a store interval after interval, as the workflow does, until the last sample has shown. */
export async function observeStore(timing: Timing): Promise<Tally> {
  const { store, answered } = await startPodStore(timing);
  try {
    return { ...(await observe(store, timing)), answered: answered(storeRevisions, beginMs) };
  } finally {
    await store.close();
  }
}

async function observe(
  store: ScriptedStore,
  { lagMs, skewMs, intervalMs, scrapeMs, configuredScrapeMs = scrapeMs, trafficMs = usualTrafficMs }: Timing,
): Promise<Omit<Tally, 'answered'>> {
  const measurements: RunMeasurement[] = [];
  let counted: readonly Counts[] = storeRevisions.map(() => noCounts);
  let fromMs = beginMs - skewMs;
  let checkpoint: Checkpoint | undefined;
  const endMs = beginMs + trafficMs + lagMs + scrapeMs + 2 * minute;
  for (store.nowMs = beginMs + intervalMs; store.nowMs < endMs + intervalMs; store.nowMs += intervalMs) {
    const measurement = await measure({
      baseUrl: store.url,
      scrapeIntervalMs: configuredScrapeMs,
      target: { namespace: 'default', name: 'app' },
      revisions: storeRevisions,
      fromMs,
      ...(checkpoint === undefined ? {} : { checkpoint }),
      now: () => store.nowMs - skewMs,
      signal: new AbortController().signal,
    });
    measurements.push(measurement);
    if (measurement.kind !== 'measured') continue;
    const all = [measurement.baseline, ...measurement.candidates];
    counted = counted.map((sum, index) => addCounts(sum, all[index] ?? noCounts));
    fromMs = measurement.toMs;
    checkpoint = measurement.checkpoint;
  }
  return { counted, measurements };
}
