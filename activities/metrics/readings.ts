import { type Pack, packs } from './packs.ts';
import type { Prometheus, Sample, Series } from './prometheus.ts';
import { type Matcher, rangeSelector } from './selector.ts';
import { Unmeasured } from './unmeasured.ts';

/** One counter of a histogram: its sum, its count, or the cumulative bucket below `le` (milliseconds). */
export type Part = 'sum' | 'count' | number;

/** One counter with what it belongs to. Values and boundaries have the unit of the pack turned into milliseconds. */
export interface Reading {
  readonly family: string;
  readonly revision: string;
  readonly pod: string;
  readonly code: string;
  readonly part: Part;
  /** All other labels of the series: where it was scraped. */
  readonly origin: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

export interface ReadingRequest {
  readonly namespace: string;
  readonly revisions: readonly string[];
  /** The samples of (toMs - rangeMs, toMs]. */
  readonly toMs: number;
  readonly rangeMs: number;
}

/** The raw counters of the revisions, in every generation of metrics that Prometheus has of them. */
export async function readCounters(prometheus: Prometheus, request: ReadingRequest): Promise<readonly Reading[]> {
  const readings = await Promise.all(packs.map((pack) => readPack(prometheus, pack, request)));
  return readings.flat();
}

async function readPack(prometheus: Prometheus, pack: Pack, request: ReadingRequest): Promise<readonly Reading[]> {
  const series = await (pack.identityOn === 'series' ? readDirect : readByTarget)(prometheus, pack, request);
  return series.map((found) => readingOf(found, pack));
}

function readDirect(prometheus: Prometheus, pack: Pack, request: ReadingRequest): Promise<readonly Series[]> {
  return select(prometheus, request, [partsOf(pack), ...identityMatchers(pack, request)]);
}

/** Finds the targets of the revisions, then their histograms, and puts the identity of the target on each. */
async function readByTarget(prometheus: Prometheus, pack: Pack, request: ReadingRequest): Promise<readonly Series[]> {
  const infos = await select(prometheus, request, [['__name__', 'target_info'], ...identityMatchers(pack, request)]);
  if (infos.length === 0) return [];
  const series = await select(prometheus, request, [
    partsOf(pack),
    // Series that carry their identity themselves are found directly.
    [pack.identity.revision, ''],
    ['job', distinct(infos.map(({ labels }) => labels['job'] ?? ''))],
    ['instance', distinct(infos.map(({ labels }) => labels['instance'] ?? ''))],
  ]);
  return series.flatMap((found) => identify(found, infos, pack));
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
  matchers: readonly Matcher[],
): Promise<readonly Series[]> {
  return prometheus.ask({ query: rangeSelector(matchers, rangeMs), atMs: toMs });
}

function partsOf({ family }: Pack): Matcher {
  return ['__name__', [`${family}_bucket`, `${family}_sum`, `${family}_count`]];
}

function identityMatchers({ identity }: Pack, { namespace, revisions }: ReadingRequest): readonly Matcher[] {
  return [
    [identity.namespace, namespace],
    [identity.revision, revisions],
  ];
}

function readingOf({ labels, samples }: Series, { family, msPerUnit, identity, code }: Pack): Reading {
  const {
    __name__: name = '',
    le,
    [identity.revision]: revision,
    [identity.pod]: pod,
    [code]: status,
    ...origin
  } = labels;
  if (revision === undefined || status === undefined || !/^\d{3}$/.test(status)) {
    throw new Unmeasured('error', `series ${formatLabels(labels)} has no label ${code} with an HTTP status`);
  }
  const part = name.endsWith('_bucket')
    ? toMilliseconds(Number(le?.replace('Inf', 'Infinity')), msPerUnit)
    : partOf(name);
  return {
    family,
    revision,
    pod: pod ?? '',
    code: status,
    part,
    origin,
    samples: part === 'sum' ? samples.map(({ atMs, value }) => ({ atMs, value: value * msPerUnit })) : samples,
  };
}

function partOf(name: string): 'sum' | 'count' {
  return name.endsWith('_sum') ? 'sum' : 'count';
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
