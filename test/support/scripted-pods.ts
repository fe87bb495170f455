import { addCounts } from '../../core/measurements/counters.ts';
import type { Counts } from '../../core/measurements/measurement.ts';
import { noCounts } from '../../core/measurements/measurement.ts';
import type { ScriptedSeries } from './scripted-store.ts';

/** A pod that answers requests and is scraped. Times are epoch ms by the store's clock. */
export interface ScriptedPod {
  readonly revision: string;
  readonly pod: string;
  /** Its first and its last scrape. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Its counters begin again at 0 after this moment. */
  readonly resetAtMs?: number;
}

/** When a sample of a series shows; epoch ms by the store's clock, not before it was taken. */
export type ShownAt = (sample: { readonly series: string; readonly pod: string; readonly atMs: number }) => number;

/** How the request metrics of the pods are stored. */
export type Shape = 'classic' | 'native';

/** What pods write to a store, and when it shows it. */
export interface PodsScript {
  readonly scrapeMs: number;
  readonly pods: readonly ScriptedPod[];
  /** The scrapes of Prometheus itself. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly shownAt: ShownAt;
  /** Default: classic. */
  readonly shape?: Shape;
  /** Labels of all series. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** All that pods write, and what they answer. */
export interface WrittenPods {
  readonly series: readonly ScriptedSeries[];
  /** What the pods of each revision have answered after a moment, as far as they were scraped. */
  readonly answered: (revisions: readonly string[], sinceMs: number) => readonly Counts[];
}

interface Answered {
  readonly revision: string;
  readonly atMs: number;
  readonly counts: Counts;
}

/** A number in 0..1 that depends on the text alone. */
export function scatter(text: string): number {
  let hash = 2_166_136_261;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_519) >>> 0;
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** Writes all that the script's pods, and Prometheus itself, will ever show. */
export function writePods(script: PodsScript): WrittenPods {
  const answers: Answered[] = [];
  const own = { pod: '', labels: { __name__: 'up', job: 'prometheus' } };
  const series = [
    ...script.pods.flatMap((pod) => writePod(script, pod, answers)),
    writeSeries(script, own, regularTimes(script, script, 0), () => 1),
  ];
  return {
    series,
    answered: (revisions, sinceMs) =>
      revisions.map((revision) =>
        answers
          .filter((one) => one.revision === revision && one.atMs > sinceMs)
          .reduce((sum, { counts }) => addCounts(sum, counts), noCounts),
      ),
  };
}

function regularTimes(
  { scrapeMs }: PodsScript,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  phaseMs: number,
): readonly number[] {
  const length = Math.max(0, Math.floor((toMs - fromMs - phaseMs) / scrapeMs) + 1);
  return Array.from({ length }, (_, index) => fromMs + phaseMs + index * scrapeMs);
}

/** Requests of at most 5 ms, at most 10 ms, and all, between two scrapes. */
type Increment = readonly [number, number, number];

function writePod(script: PodsScript, pod: ScriptedPod, answers: Answered[]): readonly ScriptedSeries[] {
  const times = regularTimes(script, pod, Math.floor(scatter(pod.pod) * script.scrapeMs));
  const own = {
    namespace_name: 'default',
    revision_name: pod.revision,
    pod_name: pod.pod,
    job: 'pods',
    instance: pod.pod,
  };
  const up = writeSeries(
    script,
    { pod: pod.pod, labels: { __name__: 'up', job: 'pods', instance: pod.pod } },
    times,
    () => 1,
  );
  return [up, ...['200', '500'].flatMap((code) => writeCode(script, { pod, code, times, own }, answers))];
}

interface CodeOfPod {
  readonly pod: ScriptedPod;
  readonly code: string;
  readonly times: readonly number[];
  readonly own: Readonly<Record<string, string>>;
}

function writeCode(
  script: PodsScript,
  { pod, code, times, own }: CodeOfPod,
  answers: Answered[],
): readonly ScriptedSeries[] {
  // Errors begin later, so that their series is born while the pod lives.
  const scraped = code === '200' ? times : times.slice(Math.floor(times.length / 4));
  const totals: Increment[] = [];
  for (const [index, atMs] of scraped.entries()) {
    const all = 1 + Math.floor(scatter(`${pod.pod}/${code}/${atMs}`) * (code === '200' ? 40 : 4));
    const added: Increment = [Math.floor(all / 3), Math.floor(all / 2), all];
    const isReset =
      pod.resetAtMs !== undefined && atMs > pod.resetAtMs && (scraped[index - 1] ?? -Infinity) <= pod.resetAtMs;
    const before = isReset ? undefined : totals.at(-1);
    totals.push([added[0] + (before?.[0] ?? 0), added[1] + (before?.[1] ?? 0), added[2] + (before?.[2] ?? 0)]);
    answers.push({ revision: pod.revision, atMs, counts: toCounts(added, code) });
  }
  const labels = { ...own, response_code: code };
  return script.shape === 'native'
    ? [writeNative(script, { pod: pod.pod, labels, scraped, totals })]
    : writeClassic(script, { pod: pod.pod, labels, scraped, totals });
}

/** The counters of one response code of a pod, one total for each scrape. */
interface CountedCode {
  readonly pod: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly scraped: readonly number[];
  readonly totals: readonly Increment[];
}

const family = 'revision_app_request_latencies';

function writeClassic(script: PodsScript, { pod, labels, scraped, totals }: CountedCode): readonly ScriptedSeries[] {
  const parts: readonly (readonly [string, Readonly<Record<string, string>>, (total: Increment) => number])[] = [
    ['bucket', { le: '5' }, ([low]) => low],
    ['bucket', { le: '10' }, ([, middle]) => middle],
    ['bucket', { le: '+Inf' }, ([, , all]) => all],
    ['sum', {}, ([, , all]) => 4 * all],
    ['count', {}, ([, , all]) => all],
  ];
  return parts.map(([part, extra, read]) => {
    const all = { __name__: `${family}_${part}`, ...labels, ...extra };
    return writeSeries(script, { pod, labels: all }, scraped, (index) => read(totals[index] ?? [0, 0, 0]));
  });
}

/** One series in place of all parts, with buckets of the boundaries of Knative. */
function writeNative(script: PodsScript, { pod, labels, scraped, totals }: CountedCode): ScriptedSeries {
  const { samples = [], ...series } = writeSeries(
    script,
    { pod, labels: { __name__: family, ...labels } },
    scraped,
    (index) => index,
  );
  const histograms = samples.map(([atMs, index, shownMs]) => {
    const [low, middle, all] = totals[index] ?? [0, 0, 0];
    const buckets = [
      [0, '0', '5', String(low)],
      [0, '5', '10', String(middle - low)],
      [0, '50000', '100000', String(all - middle)],
    ];
    return [atMs, { count: String(all), sum: String(4 * all), buckets }, shownMs ?? atMs] as const;
  });
  return { ...series, histograms };
}

function toCounts([low, middle, all]: Increment, code: string): Counts {
  const errors = code === '200' ? 0 : all;
  const buckets = [
    { le: 5, count: low },
    { le: 10, count: middle },
    { le: null, count: all },
  ];
  return { requests: all, errors5xx: errors, errorsNot2xx: errors, latencySumMs: 4 * all, buckets };
}

function writeSeries(
  { shownAt, scrapeMs, labels: common }: PodsScript,
  { pod, labels }: { readonly pod: string; readonly labels: Readonly<Record<string, string>> },
  times: readonly number[],
  valueAt: (index: number) => number,
): ScriptedSeries {
  const name = JSON.stringify(labels);
  const shows = (atMs: number): number => Math.max(atMs, shownAt({ series: name, pod, atMs }));
  const endMs = (times.at(-1) ?? 0) + scrapeMs;
  return {
    labels: { ...labels, ...common },
    samples: times.map((atMs, index) => [atMs, valueAt(index), shows(atMs)]),
    ended: { atMs: endMs, shownMs: shows(endMs) },
  };
}
