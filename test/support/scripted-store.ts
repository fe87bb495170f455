import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addCounts } from '../../core/measurements/counters.ts';
import type { Counts } from '../../core/measurements/measurement.ts';
import { noCounts } from '../../core/measurements/measurement.ts';

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

/** What a store was written, and when it shows it. */
export interface StoreScript {
  readonly scrapeMs: number;
  readonly pods: readonly ScriptedPod[];
  /** The scrapes of Prometheus itself. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly shownAt: ShownAt;
}

/** A Prometheus API over scripted samples, at the moment that is set. */
export interface ScriptedStore {
  readonly url: string;
  /** The store's clock. */
  nowMs: number;
  /** Forgets all samples until a moment, as a store whose disk was lost. */
  forget(untilMs: number): void;
  /** What the pods of each revision have answered after a moment, as far as they were scraped. */
  answered(revisions: readonly string[], sinceMs: number): readonly Counts[];
  close(): Promise<void>;
}

interface StoredSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly { readonly atMs: number; readonly value: number; readonly shownMs: number }[];
  /** From when on the series is marked as ended, and when that shows. */
  readonly ended: { readonly atMs: number; readonly shownMs: number };
}

interface Answered {
  readonly revision: string;
  readonly atMs: number;
  readonly counts: Counts;
}

const lookbackMs = 5 * 60_000;

/** A number in 0..1 that depends on the text alone. */
export function scatter(text: string): number {
  let hash = 2_166_136_261;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_519) >>> 0;
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** Starts a store with all that its script will ever write. */
export async function startScriptedStore(script: StoreScript): Promise<ScriptedStore> {
  const answers: Answered[] = [];
  const series = [
    ...script.pods.flatMap((pod) => writePod(script, pod, answers)),
    writeSeries(
      script,
      { pod: '', labels: { __name__: 'up', job: 'prometheus' } },
      regularTimes(script, script, 0),
      () => 1,
    ),
  ];
  let [nowMs, forgottenMs] = [script.fromMs, -Infinity];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const parameters = new URLSearchParams(body);
      const time = parameters.get('time');
      const atMs = time === null ? nowMs : Math.round(Number(time) * 1000);
      const view = { series, nowMs, forgottenMs, atMs };
      const result = evaluate(parameters.get('query') ?? '', view);
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get nowMs() {
      return nowMs;
    },
    set nowMs(value) {
      nowMs = value;
    },
    forget: (untilMs) => {
      forgottenMs = untilMs;
    },
    answered: (revisions, sinceMs) =>
      revisions.map((revision) =>
        answers
          .filter((one) => one.revision === revision && one.atMs > sinceMs)
          .reduce((sum, { counts }) => addCounts(sum, counts), noCounts),
      ),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function regularTimes(
  { scrapeMs }: StoreScript,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  phaseMs: number,
): readonly number[] {
  const length = Math.max(0, Math.floor((toMs - fromMs - phaseMs) / scrapeMs) + 1);
  return Array.from({ length }, (_, index) => fromMs + phaseMs + index * scrapeMs);
}

/** Requests of at most 5 ms, at most 10 ms, and all, between two scrapes. */
type Increment = readonly [number, number, number];

function writePod(script: StoreScript, pod: ScriptedPod, answers: Answered[]): readonly StoredSeries[] {
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
  script: StoreScript,
  { pod, code, times, own }: CodeOfPod,
  answers: Answered[],
): readonly StoredSeries[] {
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
  const parts: readonly (readonly [string, Readonly<Record<string, string>>, (total: Increment) => number])[] = [
    ['bucket', { le: '5' }, ([low]) => low],
    ['bucket', { le: '10' }, ([, middle]) => middle],
    ['bucket', { le: '+Inf' }, ([, , all]) => all],
    ['sum', {}, ([, , all]) => 4 * all],
    ['count', {}, ([, , all]) => all],
  ];
  return parts.map(([part, extra, read]) => {
    const labels = { __name__: `revision_app_request_latencies_${part}`, ...own, response_code: code, ...extra };
    return writeSeries(script, { pod: pod.pod, labels }, scraped, (index) => read(totals[index] ?? [0, 0, 0]));
  });
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
  { shownAt, scrapeMs }: StoreScript,
  { pod, labels }: { readonly pod: string; readonly labels: Readonly<Record<string, string>> },
  times: readonly number[],
  valueAt: (index: number) => number,
): StoredSeries {
  const name = JSON.stringify(labels);
  const shows = (atMs: number): number => Math.max(atMs, shownAt({ series: name, pod, atMs }));
  const endMs = (times.at(-1) ?? 0) + scrapeMs;
  return {
    labels,
    samples: times.map((atMs, index) => ({ atMs, value: valueAt(index), shownMs: shows(atMs) })),
    ended: { atMs: endMs, shownMs: shows(endMs) },
  };
}

interface View {
  readonly series: readonly StoredSeries[];
  readonly nowMs: number;
  readonly forgottenMs: number;
  /** The time of evaluation. */
  readonly atMs: number;
}

type Result = readonly object[];

/** The questions that serin asks, and no others. */
function evaluate(query: string, view: View): Result {
  if (query === 'vector(time())') return [{ metric: {}, value: [view.atMs / 1000, String(view.atMs / 1000)] }];
  const matrix = /^(?<selector>[^(]*)\[(?<range>\d+)ms\]$/.exec(query)?.groups;
  if (matrix !== undefined)
    return selectRange(view, { selector: matrix['selector'] ?? '', rangeMs: Number(matrix['range']) });
  const overTime = /^count\(count_over_time\((?<selector>.*)\[(?<range>\d+)ms\]\)\)$/.exec(query)?.groups;
  if (overTime !== undefined) {
    return count(selectRange(view, { selector: overTime['selector'] ?? '', rangeMs: Number(overTime['range']) }), view);
  }
  const newest = /^max\(timestamp\((?<selector>.*)\)\)$/.exec(query)?.groups;
  if (newest !== undefined) return newestOf(selectNow(view, newest['selector'] ?? ''), view);
  const counted = /^count\((?<selector>.*)\)$/.exec(query)?.groups;
  if (counted !== undefined) return count(selectNow(view, counted['selector'] ?? ''), view);
  throw new Error(`no answer is scripted for ${query}`);
}

function count(found: readonly unknown[], { atMs }: View): Result {
  return found.length === 0 ? [] : [{ metric: {}, value: [atMs / 1000, String(found.length)] }];
}

function newestOf(times: readonly number[], { atMs }: View): Result {
  return times.length === 0 ? [] : [{ metric: {}, value: [atMs / 1000, String(Math.max(...times) / 1000)] }];
}

function selectRange(
  { series, atMs, nowMs, forgottenMs }: View,
  { selector, rangeMs }: { readonly selector: string; readonly rangeMs: number },
): Result {
  const fromMs = Math.max(atMs - rangeMs, forgottenMs);
  return matching(series, selector).flatMap(({ labels, samples }) => {
    const values: [number, string][] = [];
    // The newest first, since most questions are about the end of a long history.
    for (let index = samples.length - 1; index >= 0; index -= 1) {
      const sample = samples[index];
      if (sample === undefined || sample.atMs <= fromMs) break;
      if (sample.atMs <= atMs && sample.shownMs <= nowMs) values.push([sample.atMs / 1000, String(sample.value)]);
    }
    return values.length === 0 ? [] : [{ metric: labels, values: values.toReversed() }];
  });
}

/** The times of the samples that an instant selector sees. */
function selectNow({ series, atMs, nowMs, forgottenMs }: View, selector: string): readonly number[] {
  return matching(series, selector).flatMap(({ samples, ended }) => {
    const latest = samples.findLast(
      (sample) => sample.atMs <= atMs && sample.shownMs <= nowMs && sample.atMs > forgottenMs,
    );
    const hasEnded = ended.shownMs <= nowMs && ended.atMs <= atMs;
    const isStale = latest === undefined || latest.atMs <= atMs - lookbackMs || (hasEnded && ended.atMs > latest.atMs);
    return isStale ? [] : [latest.atMs];
  });
}

function matching(series: readonly StoredSeries[], selector: string): readonly StoredSeries[] {
  const { name = '', matchers = '' } = /^(?<name>\w*)(?:\{(?<matchers>.*)\})?$/.exec(selector)?.groups ?? {};
  const conditions = [...matchers.matchAll(/(\w+)(=~|!~|!=|=)("(?:[^"\\]|\\.)*")/g)].map(
    ([, label = '', operator, quoted]) => {
      const text: unknown = JSON.parse(quoted ?? '""');
      return { label, operator, text: String(text) };
    },
  );
  return series.filter(({ labels }) => {
    if (name !== '' && labels['__name__'] !== name) return false;
    return conditions.every(({ label, operator = '=', text }) => {
      const value = labels[label] ?? '';
      const fits = operator.endsWith('~') ? new RegExp(`^(?:${text})$`).test(value) : value === text;
      return operator.startsWith('!') ? !fits : fits;
    });
  });
}

async function readBody(request: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
