import { type Pack, tiers } from './packs.ts';
import { toClassicSeries } from './native-histogram.ts';
import type { Prometheus, Sample, Series } from './prometheus.ts';
import { type Matcher, instantSelector, rangeSelector } from './selector.ts';
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
  /** Without it each series that has not ended at `toMs` has its newest sample. */
  readonly rangeMs?: number;
}

/** Reads the raw counters of the revisions from the first tier that has any. */
export async function readCounters(prometheus: Prometheus, request: ReadingRequest): Promise<readonly Reading[]> {
  const asking = askingOnce(prometheus);
  for (const tier of tiers) {
    const readings = await Promise.all(tier.map((pack) => readPack(asking, pack, request)));
    const found = readings.flat();
    if (found.length > 0) return found;
  }
  return [];
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
  const revisions = new Map(
    request.revisions.map((revision) => [formatRevision(pack, request.namespace, revision), revision]),
  );
  return series.map((found) => toReading(found, pack, revisions));
}

function readDirect(prometheus: Prometheus, pack: Pack, request: ReadingRequest): Promise<readonly Series[]> {
  const matchers = [...identityMatchers(pack, request), ...(pack.where ?? [])];
  return readParts(pack, (name) => select(prometheus, request, { name, matchers }));
}

/** Finds the targets of the revisions, then their histograms, and puts the identity of the target on each. */
async function readByTarget(prometheus: Prometheus, pack: Pack, request: ReadingRequest): Promise<readonly Series[]> {
  const infos = await select(prometheus, request, { name: 'target_info', matchers: identityMatchers(pack, request) });
  if (infos.length === 0) return [];
  const matchers: readonly Matcher[] = [
    // Series that carry their identity themselves are found directly.
    [pack.identity.revision, ''],
    ['job', distinct(infos.map(({ labels }) => labels['job'] ?? ''))],
    ['instance', distinct(infos.map(({ labels }) => labels['instance'] ?? ''))],
  ];
  const series = await readParts(pack, (name) => select(prometheus, request, { name, matchers }));
  return series.flatMap((found) => identify(found, infos, pack));
}

/** Reads the parts of a histogram, each by its name; without buckets it may be a native one. */
async function readParts(pack: Pack, ask: (name: string) => Promise<readonly Series[]>): Promise<readonly Series[]> {
  const { family } = pack;
  const [buckets, responses] = await Promise.all([
    ask(`${family}_bucket`),
    pack.responses === undefined ? [] : ask(pack.responses.name),
  ]);
  if (buckets.length === 0) return [...responses, ...toClassicSeries(await ask(family), pack)];
  const [sums, counts] = await Promise.all([ask(`${family}_sum`), ask(`${family}_count`)]);
  return [...buckets, ...sums, ...counts, ...responses];
}

/** Addresses are used again by other pods, so what was scraped belongs to a target only while its info was there. */
function identify(series: Series, infos: readonly Series[], { identity }: Pack): readonly Series[] {
  const { job, instance } = series.labels;
  const owners = infos.filter(({ labels }) => labels['job'] === job && labels['instance'] === instance);
  return owners.map((owner) => {
    const own = Object.values(identity).map((label) => [label, owner.labels[label] ?? '']);
    const [fromMs, toMs] = [owner.samples[0]?.atMs ?? Infinity, owner.samples.at(-1)?.atMs ?? -Infinity];
    const samples = series.samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    return { labels: { ...series.labels, ...Object.fromEntries(own) }, samples };
  });
}

function select(
  prometheus: Prometheus,
  { toMs, rangeMs }: ReadingRequest,
  { name, matchers }: { readonly name: string; readonly matchers: readonly Matcher[] },
): Promise<readonly Series[]> {
  const query =
    rangeMs === undefined
      ? instantSelector(name, matchers, prometheus.matchers)
      : rangeSelector(name, matchers, rangeMs, prometheus.matchers);
  return prometheus.ask({ query, atMs: toMs });
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

function toReading({ labels, samples }: Series, pack: Pack, revisions: ReadonlyMap<string, string>): Reading {
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
    part,
    origin,
    labels,
    samples: part === 'sum' ? samples.map(({ atMs, value }) => ({ atMs, value: value * msPerUnit })) : samples,
  };
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
