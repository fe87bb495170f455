import { type Pack, tiers } from './packs.ts';
import type { Prometheus, Sample, Series } from './prometheus.ts';
import { type Matcher, rangeSelector } from './selector.ts';
import { readFloat } from './float.ts';
import { Unmeasured } from '../unmeasured.ts';
import { defined } from '../../core/text/defined.ts';

/** One counter of a histogram: its sum, its count, or the cumulative bucket below `le` (milliseconds). */
export type HistogramPart = 'sum' | 'count' | number;

/** What a counter is about: responses and how long they took, or one of the two. */
export type Measures = 'both' | 'responses' | 'latencies';

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
  readonly origin: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

/** The revisions and the time range to read. */
export interface ReadingRequest {
  readonly namespace: string;
  readonly revisions: readonly string[];
  /** The end of the range (toMs - rangeMs, toMs], epoch ms. */
  readonly toMs: number;
  readonly rangeMs: number;
}

/** Reads the raw counters of the revisions from the first tier that has any. */
export async function readCounters(prometheus: Prometheus, request: ReadingRequest): Promise<readonly Reading[]> {
  for (const tier of tiers) {
    const readings = await Promise.all(tier.map((pack) => readPack(prometheus, pack, request)));
    const found = readings.flat();
    if (found.length > 0) return found;
  }
  return [];
}

async function readPack(prometheus: Prometheus, pack: Pack, request: ReadingRequest): Promise<readonly Reading[]> {
  const series = await (pack.identityOn === 'series' ? readDirect : readByTarget)(prometheus, pack, request);
  const revisions = new Map(
    request.revisions.map((revision) => [formatRevision(pack, request.namespace, revision), revision]),
  );
  return series.map((found) => toReading(found, pack, revisions));
}

function readDirect(prometheus: Prometheus, pack: Pack, request: ReadingRequest): Promise<readonly Series[]> {
  return select(prometheus, request, [partsMatcher(pack), ...identityMatchers(pack, request), ...(pack.where ?? [])]);
}

/** Finds the targets of the revisions, then their histograms, and puts the identity of the target on each. */
async function readByTarget(prometheus: Prometheus, pack: Pack, request: ReadingRequest): Promise<readonly Series[]> {
  const infos = await select(prometheus, request, [['__name__', 'target_info'], ...identityMatchers(pack, request)]);
  if (infos.length === 0) return [];
  const series = await select(prometheus, request, [
    partsMatcher(pack),
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

function partsMatcher({ family, responses }: Pack): Matcher {
  const parts = [`${family}_bucket`, `${family}_sum`, `${family}_count`];
  return ['__name__', responses === undefined ? parts : [...parts, responses.name]];
}

function identityMatchers(pack: Pack, { namespace, revisions }: ReadingRequest): readonly Matcher[] {
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
    samples: part === 'sum' ? samples.map(({ atMs, value }) => ({ atMs, value: value * msPerUnit })) : samples,
  };
}

type Labels = Readonly<Record<string, string>>;

/** An HTTP status, or Istio's 0 for requests that were given up before an answer. */
const status = /^(0|\d{3})$/;

function readStatus(
  name: string,
  labels: Labels,
  { code, responses }: Pack,
): Pick<Reading, 'code' | 'measures'> | undefined {
  if (code !== undefined) {
    const value = labels[code];
    return value !== undefined && status.test(value) ? { code: value, measures: 'both' } : undefined;
  }
  if (responses === undefined || name !== responses.name) return { code: '', measures: 'latencies' };
  const value = labels[responses.codeClass];
  return value !== undefined && /^\d$/.test(value) ? { code: `${value}xx`, measures: 'responses' } : undefined;
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
