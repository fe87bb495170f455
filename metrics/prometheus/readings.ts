import { accumulate, askAdded } from './added-up.ts';
import type { KnownPacks } from './known-packs.ts';
import { type Pack, tiers } from './packs.ts';
import { toClassicSeries } from './native-histogram.ts';
import type { Prometheus, Sample, Series } from './prometheus.ts';
import { type Matcher, instantSelector } from './selector.ts';
import { readFloat } from './float.ts';
import { Unmeasured } from '../unmeasured.ts';
import { defined } from '../../core/text/defined.ts';

/** One counter of a histogram: its sum, its count, or the cumulative bucket below `le` (milliseconds). */
export type HistogramPart = 'sum' | 'count' | number;

/** What a counter is about: responses and how long they took, or one of the two. */
export type Measures = 'both' | 'responses' | 'latencies';

type Labels = Readonly<Record<string, string>>;

/** One counter with what it belongs to. Values and boundaries have the unit of the pack turned into milliseconds. */
export interface Reading {
  readonly family: string;
  readonly revision: string;
  readonly pod: string;
  /** The status, `2xx` where only its class is known, or empty for latencies alone. */
  readonly code: string;
  readonly measures: Measures;
  readonly part: HistogramPart;
  /** All other labels of the series: where it was scraped. */
  readonly origin: Labels;
  /** All labels of the series. */
  readonly labels: Labels;
  readonly samples: readonly Sample[];
}

/** The revisions and the time range to read. */
export interface ReadingRequest {
  readonly namespace: string;
  readonly revisions: readonly string[];
  /** The end of the range (toMs - rangeMs, toMs], epoch ms. */
  readonly toMs: number;
  /** Without it there is one counter of each histogram that has not ended at `toMs`, with the time of its newest sample alone. */
  readonly rangeMs?: number;
  /**
   * Lets the store add up the processes of each revision: one counter for all of them, which begins at 0 and has a sample
   * after each `everyMs`. A series that begins counts from its first sample on; one that was reset, from the lowest after that.
   */
  readonly everyMs?: number;
  /**
   * `responses`: their number alone, without latencies, which are most of what a store has. Of native histograms no more than one sample
   * for each `everyMs`, or for each ten seconds.
   */
  readonly only?: 'responses';
}

/** What is known of the kinds of request metrics that are asked for. */
export interface KnownKinds {
  /** Kinds that are asked for alone as long as each revision has some of them. */
  readonly packs?: KnownPacks;
  /** Families that have been counted: as long as there are any of their tier, no other one counts the same requests again. */
  readonly counted?: readonly string[];
}

/** Reads the raw counters of the revisions from the first tier that has any. */
export async function readCounters(
  prometheus: Prometheus,
  request: ReadingRequest,
  { packs: known, counted = [] }: KnownKinds = {},
): Promise<readonly Reading[]> {
  const asking = askingOnce(prometheus);
  const isCounted = ({ family }: Pack): boolean => counted.includes(family);
  const own = tiers.filter((tier) => tier.some(isCounted));
  const recalled = (known?.recall(request) ?? []).filter((pack) => own.length === 0 || own.flat().includes(pack));
  const remembered = await readPacks(asking, recalled, request);
  if (hasAllRevisions(remembered.readings, request)) return remembered.readings;
  for (const tier of [...own, ...tiers]) {
    const { readings, packs } = await readPacks(asking, tier, request);
    if (readings.length === 0) continue;
    if (hasAllRevisions(readings, request)) known?.note(request, packs);
    return readings;
  }
  return [];
}

/** What was found of the packs, and of which of them. */
interface PacksReading {
  readonly readings: readonly Reading[];
  readonly packs: readonly Pack[];
}

async function readPacks(
  prometheus: Prometheus,
  packs: readonly Pack[],
  request: ReadingRequest,
): Promise<PacksReading> {
  const read = await Promise.all(packs.map((pack) => readPack(prometheus, pack, request)));
  return { readings: read.flat(), packs: packs.filter((_, index) => (read[index] ?? []).length > 0) };
}

function hasAllRevisions(readings: readonly Reading[], { revisions }: ReadingRequest): boolean {
  const found = new Set(readings.map(({ revision }) => revision));
  return revisions.every((revision) => found.has(revision));
}

/** Whether any series of the revisions is there at `toMs`: it has not ended, so that samples of it may come. */
export async function hasLiveSeries(
  prometheus: Prometheus,
  request: Omit<ReadingRequest, 'rangeMs'>,
): Promise<boolean> {
  const live = await readCounters(prometheus, request);
  return live.length > 0;
}

/** Several kinds of request metrics find their targets by one question. */
function askingOnce(prometheus: Prometheus): Prometheus {
  const answers = new Map<string, Promise<readonly Series[]>>();
  return {
    ...prometheus,
    ask: (query) => {
      const key = JSON.stringify([query.query, query.atMs]);
      const answer = answers.get(key) ?? prometheus.ask(query);
      answers.set(key, answer);
      return answer;
    },
  };
}

async function readPack(prometheus: Prometheus, pack: Pack, request: ReadingRequest): Promise<readonly Reading[]> {
  const read = pack.identityOn === 'series' ? readDirect : readByTarget;
  const series = await read(prometheus, pack, request).catch((error: unknown) => {
    if (pack.hasDots === true && error instanceof Unmeasured && error.kind === 'error') return [];
    throw error;
  });
  const counters = request.everyMs === undefined ? series : series.map(accumulate);
  const revisions = new Map(
    request.revisions.map((revision) => [formatRevision(pack, request.namespace, revision), revision]),
  );
  return counters.map((found) => toReading(found, pack, { ...request, revisions }));
}

function readDirect(prometheus: Prometheus, pack: Pack, request: ReadingRequest): Promise<readonly Series[]> {
  const matchers = [...identityMatchers(pack, request), ...(pack.where ?? [])];
  return readParts(pack, request, (part) => select(prometheus, request, { ...part, pack, matchers }));
}

/** Finds the targets of the revisions, then their histograms, and puts the identity of the target on each. */
async function readByTarget(prometheus: Prometheus, pack: Pack, request: ReadingRequest): Promise<readonly Series[]> {
  const info = instantSelector('target_info', identityMatchers(pack, request), prometheus.matchers);
  const infos = await selectInfos(prometheus, info, request);
  if (infos.length === 0) return [];
  const matchers: readonly Matcher[] = [
    // Series that carry their identity themselves are found directly.
    [pack.identity.revision, ''],
    ['job', distinct(infos.map(({ labels }) => labels['job'] ?? ''))],
    ['instance', distinct(infos.map(({ labels }) => labels['instance'] ?? ''))],
  ];
  const series = await readParts(pack, request, (part) =>
    select(prometheus, request, { ...part, pack, matchers, info }),
  );
  return request.everyMs === undefined
    ? series.flatMap((found) => identify(found, infos, { pack, ...request }))
    : series;
}

function selectInfos(
  prometheus: Prometheus,
  info: string,
  { toMs: atMs, rangeMs, everyMs }: ReadingRequest,
): Promise<readonly Series[]> {
  if (rangeMs === undefined) return prometheus.ask({ query: info, atMs });
  const range = `${info}[${Math.ceil(rangeMs)}ms]`;
  return prometheus.ask({ query: everyMs === undefined ? range : `last_over_time(${range})`, atMs });
}

/** The series of one name. */
interface NamedPart {
  readonly name: string;
  readonly isNative?: boolean;
  /** Of native histograms their counts alone. */
  readonly isCounted?: boolean;
}

type AskPart = (part: NamedPart) => Promise<readonly Series[]>;

/** Reads what the request wants of a histogram, each part by its name. */
function readParts(pack: Pack, request: ReadingRequest, ask: AskPart): Promise<readonly Series[]> {
  if (request.rangeMs === undefined) return readTimes(pack, ask);
  return request.only === 'responses' ? readResponses(pack, request, ask) : readHistogram(pack, ask);
}

async function readTimes({ family, responses }: Pack, ask: AskPart): Promise<readonly Series[]> {
  const times = await ask({ name: responses?.name ?? `${family}_count` });
  return times.length > 0 ? times : ask({ name: family });
}

async function readResponses(pack: Pack, { everyMs }: ReadingRequest, ask: AskPart): Promise<readonly Series[]> {
  if (pack.responses !== undefined) return ask({ name: pack.responses.name });
  const counter = `${pack.family}_count`;
  const counts = await ask({ name: counter });
  if (counts.length > 0) return counts;
  if (everyMs === undefined) {
    const counted = await ask({ name: pack.family, isCounted: true });
    return counted.map(({ labels, samples }) => ({ labels: { ...labels, __name__: counter }, samples }));
  }
  const native = await readNative(pack, ask);
  return native.filter(({ labels }) => labels['__name__'] === counter);
}

/** Without buckets it may be a native one. */
async function readHistogram(pack: Pack, ask: AskPart): Promise<readonly Series[]> {
  const { family, responses: counter } = pack;
  const [buckets, responses] = await Promise.all([
    ask({ name: `${family}_bucket` }),
    counter === undefined ? [] : ask({ name: counter.name }),
  ]);
  if (buckets.length === 0) return [...responses, ...(await readNative(pack, ask))];
  const [sums, counts] = await Promise.all([ask({ name: `${family}_sum` }), ask({ name: `${family}_count` })]);
  return [...buckets, ...sums, ...counts, ...responses];
}

async function readNative(pack: Pack, ask: AskPart): Promise<readonly Series[]> {
  return toClassicSeries(await ask({ name: pack.family, isNative: true }), pack);
}

/** Addresses are used again by other pods, so what was scraped belongs to a target only while its info was there. */
function identify(
  series: Series,
  infos: readonly Series[],
  { pack: { identity }, rangeMs }: Pick<ReadingRequest, 'rangeMs'> & { readonly pack: Pack },
): readonly Series[] {
  const { job, instance } = series.labels;
  const owners = infos.filter(({ labels }) => labels['job'] === job && labels['instance'] === instance);
  return owners.map((owner) => {
    const own = Object.values(identity).map((label) => [label, owner.labels[label] ?? '']);
    const [fromMs, toMs] = [owner.samples[0]?.atMs ?? Infinity, owner.samples.at(-1)?.atMs ?? -Infinity];
    const isOwn = ({ atMs }: Sample): boolean => rangeMs === undefined || (atMs >= fromMs && atMs <= toMs);
    const samples = series.samples.filter(isOwn);
    return { labels: { ...series.labels, ...Object.fromEntries(own) }, samples };
  });
}

interface Selection extends NamedPart {
  readonly pack: Pack;
  readonly matchers: readonly Matcher[];
  /** The targets' info, where that has the revision. */
  readonly info?: string;
}

async function select(
  prometheus: Prometheus,
  { toMs, rangeMs, everyMs }: ReadingRequest,
  { name, isNative = false, isCounted = false, pack, matchers, info }: Selection,
): Promise<readonly Series[]> {
  const selector = instantSelector(name, matchers, prometheus.matchers);
  if (rangeMs === undefined) return askTimes(prometheus, selector, { toMs, name });
  if (isCounted) return askNativeCounts(prometheus, selector, { toMs, rangeMs });
  if (everyMs === undefined) return prometheus.ask({ query: `${selector}[${Math.ceil(rangeMs)}ms]`, atMs: toMs });
  const owner = info === undefined ? undefined : { info, label: pack.identity.revision };
  const summed = { selector, isNative, labels: remainingLabels(pack), ...defined({ owner }) };
  const series = await askAdded(prometheus, summed, { toMs, rangeMs, everyMs });
  return series.map((one) => ({ ...one, labels: { ...one.labels, __name__: name } }));
}

/** The series that have not ended, each with a sample at the time of its newest one. */
async function askTimes(
  prometheus: Prometheus,
  selector: string,
  { toMs: atMs, name }: Pick<ReadingRequest, 'toMs'> & Pick<NamedPart, 'name'>,
): Promise<readonly Series[]> {
  const series = await prometheus.ask({ query: `timestamp(${selector})`, atMs });
  return series.map(({ labels, samples }) => ({
    labels: { ...labels, __name__: name },
    samples: samples.map(({ value }) => ({ atMs: Math.round(value * 1000), value: 0 })),
  }));
}

/** Shorter than most scrapes; subqueries have a sample for each step. */
const nativeStepMs = 10_000;

/**
 * How many requests native histograms counted at the times of their samples, whose buckets would be most of the answer. Their times are asked
 * first, since a store that has no native histograms need not know the function for their counts.
 */
async function askNativeCounts(
  prometheus: Prometheus,
  selector: string,
  { toMs: atMs, rangeMs }: { readonly toMs: number; readonly rangeMs: number },
): Promise<readonly Series[]> {
  const range = `[${Math.ceil(rangeMs)}ms:${nativeStepMs}ms]`;
  const times = await prometheus.ask({ query: `timestamp(${selector})${range}`, atMs });
  if (times.length === 0) return [];
  const counts = await prometheus.ask({ query: `histogram_count(${selector})${range}`, atMs });
  const valuesBySeries = new Map(
    counts.map(({ labels, samples }) => [formatLabels(labels), new Map(samples.map((one) => [one.atMs, one.value]))]),
  );
  return times.map(({ labels, samples }) => {
    const values = valuesBySeries.get(formatLabels(labels));
    const counted = samples.map(({ atMs: stepMs, value: seconds }): readonly [number, number] => {
      return [Math.round(seconds * 1000), values?.get(stepMs) ?? 0];
    });
    return { labels, samples: [...new Map(counted)].map(([sampleMs, value]) => ({ atMs: sampleMs, value })) };
  });
}

/** What is known of the processes of a revision together. */
function remainingLabels({ identity, code, grpcCode, responses }: Pack): readonly string[] {
  const labels = [identity.namespace, identity.revision, code, grpcCode, responses?.codeClass, 'le'];
  return labels.filter((label) => label !== undefined);
}

function identityMatchers(
  pack: Pack,
  { namespace, revisions }: Pick<ReadingRequest, 'namespace' | 'revisions'>,
): readonly Matcher[] {
  const { identity } = pack;
  const names = revisions.map((revision) => formatRevision(pack, namespace, revision));
  return [
    ...(identity.namespace === undefined ? [] : [[identity.namespace, namespace] as const]),
    [identity.revision, names],
  ];
}

/** The value of the label that names a revision. */
function formatRevision({ written }: Pack, namespace: string, revision: string): string {
  return written === undefined ? revision : written({ namespace, revision });
}

interface Reader extends Pick<ReadingRequest, 'only' | 'rangeMs'> {
  /** By the values of their label. */
  readonly revisions: ReadonlyMap<string, string>;
}

function toReading({ labels, samples }: Series, pack: Pack, { revisions, only, rangeMs }: Reader): Reading {
  const { family, msPerUnit, identity } = pack;
  const { __name__: name = '', le, job, ...own } = labels;
  const revision = revisions.get(own[identity.revision] ?? '');
  const status = readStatus(name, own, pack);
  if (revision === undefined || status === undefined) {
    throw new Unmeasured(
      'error',
      `series ${formatLabels(labels)} has no label ${statusLabel(pack)} with an HTTP status`,
    );
  }
  const part = name.endsWith('_bucket') ? boundary(le, msPerUnit) : partName(name);
  if (part === undefined) {
    throw new Unmeasured('error', `series ${formatLabels(labels)} has no label le with a number`);
  }
  const { pod, origin } = processIdentity({ ...own, ...defined({ job }) }, pack);
  return {
    family,
    revision,
    pod,
    ...status,
    ...(only === 'responses' || rangeMs === undefined ? { measures: 'responses' } : {}),
    part,
    origin,
    labels,
    samples: presentSamples(samples, part === 'sum' ? msPerUnit : 1),
  };
}

/** Leaves out what is no number: VictoriaMetrics shows the markers of a series' end, which Prometheus keeps to itself. */
function presentSamples(samples: readonly Sample[], factor: number): readonly Sample[] {
  return samples.flatMap(({ atMs, value }) => (Number.isNaN(value) ? [] : [{ atMs, value: value * factor }]));
}

/** An HTTP status, or Istio's 0 for requests that were given up before an answer. */
const status = /^(0|\d{3})$/;

function readStatus(
  name: string,
  labels: Labels,
  { code, grpcCode, responses }: Pack,
): Pick<Reading, 'code' | 'measures'> | undefined {
  if (code !== undefined) {
    const value = labels[code];
    if (value === undefined || !status.test(value)) return undefined;
    return { code: grpcFailure(labels[grpcCode ?? '']) ?? value, measures: 'both' };
  }
  if (responses === undefined || name !== responses.name) return { code: '', measures: 'latencies' };
  const value = labels[responses.codeClass];
  return value !== undefined && /^\d$/.test(value) ? { code: `${value}xx`, measures: 'responses' } : undefined;
}

/**
 * The statuses of gRPC that are the server's: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and
 * DATA_LOSS (https://grpc.io/docs/guides/status-codes/).
 */
const grpcErrors: ReadonlySet<string> = new Set(['2', '4', '8', '12', '13', '14', '15']);

/** The class of a failure of gRPC as one of HTTP; undefined where it succeeded, or where the request was none of gRPC. */
function grpcFailure(value = ''): string | undefined {
  if (value === '0' || !/^\d{1,2}$/.test(value)) return undefined;
  return `${grpcErrors.has(value) ? '5xx' : '4xx'}, gRPC ${value}`;
}

function statusLabel({ code, responses }: Pack): string {
  return code ?? responses?.codeClass ?? '';
}

/** The process that counts, and all other labels of its series: where it was scraped. */
function processIdentity({ job, ...labels }: Labels, { identity, code }: Pack): Pick<Reading, 'pod' | 'origin'> {
  const ofJob = defined({ job });
  const { [code ?? '']: _status, ...others } = labels;
  if (identity.pod === undefined) return { pod: formatLabels(others), origin: ofJob };
  const { [identity.revision]: _revision, [identity.pod]: pod = '', ...origin } = others;
  return { pod, origin: { ...origin, ...ofJob } };
}

function partName(name: string): 'sum' | 'count' {
  return name.endsWith('_sum') ? 'sum' : 'count';
}

/** The upper boundary of a bucket in milliseconds. */
function boundary(le: string | undefined, msPerUnit: number): number | undefined {
  const value = readFloat(le ?? '');
  return value === undefined || Number.isNaN(value) ? undefined : toMilliseconds(value, msPerUnit);
}

/** 0.07 s are 70 ms, not 70.00000000000001. */
function toMilliseconds(value: number, msPerUnit: number): number {
  return Number((value * msPerUnit).toPrecision(12));
}

/** `{job="a", instance="b"}`, as Prometheus writes it. */
export function formatLabels(labels: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value ?? '')}`);
  return `{${pairs.sort().join(', ')}}`;
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
