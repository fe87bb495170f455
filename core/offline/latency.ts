import type { Bucket } from '../measurements/measurement.ts';
import { binomial, normal } from './random.ts';
import type { Random } from './random.ts';

/** The latencies of one version, milliseconds: lognormal, and a share of requests that hang for a fixed time. */
export interface LatencyModel {
  readonly medianMs: number;
  /** Standard deviation of the logarithm. */
  readonly sigma: number;
  readonly hangShare?: number;
  readonly hangMs?: number;
}

/** The 95th percentile of a standard normal distribution. */
const normal95 = 1.6448536269514722;

/** The usual spread of service latencies: the mean is 0.37 of the 95th percentile. */
const usualSigma = 0.8;

/** Latencies with the usual spread and this 95th percentile, not counting requests that hang. */
export function latencyByTail(p95Ms: number, hang: Pick<LatencyModel, 'hangShare' | 'hangMs'> = {}): LatencyModel {
  return { medianMs: p95Ms / Math.exp(normal95 * usualSigma), sigma: usualSigma, ...hang };
}

/** Latencies with the usual spread and this mean. */
export function latencyByMean(meanMs: number): LatencyModel {
  return { medianMs: meanMs / Math.exp((usualSigma * usualSigma) / 2), sigma: usualSigma };
}

/** Boundaries of Knative's older queue-proxy, milliseconds, without +Inf. */
const knativeBoundariesMs = [
  5, 10, 20, 40, 60, 80, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 2000, 5000, 10_000,
  20_000, 50_000, 100_000,
];

/** A version's latencies as a histogram shows them: the chance of each bucket, and the latencies inside it. */
export interface BucketedLatency {
  readonly boundaries: readonly (number | null)[];
  readonly cells: readonly Cell[];
}

interface Cell {
  /** The chance of this bucket, given that the request is in none of the earlier ones. */
  readonly conditional: number;
  readonly meanMs: number;
  readonly variance: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The distribution of latencies over the buckets of a histogram; boundaries in milliseconds, without +Inf. */
export function bucketed(model: LatencyModel, boundaries: readonly number[] = knativeBoundariesMs): BucketedLatency {
  const { hangShare = 0, hangMs = 0 } = model;
  const edges = [0, ...boundaries, Infinity];
  let left = 1;
  const cells = edges.slice(1).map((toMs, index): Cell => {
    const fromMs = edges[index] ?? 0;
    const body = moments(model, fromMs, toMs);
    const hangs = hangMs > fromMs && hangMs <= toMs ? hangShare : 0;
    const share = body.share * (1 - hangShare) + hangs;
    const weightOfBody = share === 0 ? 0 : (body.share * (1 - hangShare)) / share;
    const meanMs = weightOfBody * body.mean + (1 - weightOfBody) * hangMs;
    const square = weightOfBody * (body.variance + body.mean ** 2) + (1 - weightOfBody) * hangMs ** 2;
    const conditional = left <= 0 ? 1 : Math.min(1, share / left);
    left -= share;
    return { conditional, meanMs, variance: Math.max(0, square - meanMs ** 2), fromMs, toMs };
  });
  return { boundaries: [...boundaries, null], cells };
}

/** Draws the latencies of some requests: cumulative buckets, and their sum, to which each bucket contributes a normal term. */
export function sampleLatencies(
  random: Random,
  requests: number,
  { boundaries, cells }: BucketedLatency,
): { readonly buckets: readonly Bucket[]; readonly sumMs: number } {
  let [left, sum, variance, least, most] = [requests, 0, 0, 0, 0];
  const buckets = cells.map(({ conditional, meanMs, variance: spread, fromMs, toMs }, index): Bucket => {
    const isLast = index === cells.length - 1;
    const inside = left === 0 ? 0 : isLast ? left : binomial(random, left, conditional);
    left -= inside;
    if (inside > 0) {
      sum += inside * meanMs;
      variance += inside * spread;
      least += inside * fromMs;
      most += inside * (toMs === Infinity ? 2 * fromMs : toMs);
    }
    return { le: boundaries[index] ?? null, count: requests - left };
  });
  const drawn = sum + Math.sqrt(variance) * normal(random);
  return { buckets, sumMs: Math.min(most, Math.max(least, drawn)) };
}

/** The mean of what `sampleLatencies` draws; counts may be fractions. */
export function expectedLatencies(
  requests: number,
  { boundaries, cells }: BucketedLatency,
): { readonly buckets: readonly Bucket[]; readonly sumMs: number } {
  let [left, sumMs] = [requests, 0];
  const buckets = cells.map(({ conditional, meanMs }, index): Bucket => {
    const inside = index === cells.length - 1 ? left : left * conditional;
    left -= inside;
    sumMs += inside * meanMs;
    return { le: boundaries[index] ?? null, count: requests - left };
  });
  return { buckets, sumMs };
}

interface Moments {
  readonly share: number;
  readonly mean: number;
  readonly variance: number;
}

/** Share, mean and variance of a lognormal distribution between two values. */
function moments({ medianMs, sigma }: LatencyModel, fromMs: number, toMs: number): Moments {
  const mu = Math.log(medianMs);
  const at = (x: number): number => (x === 0 ? -Infinity : x === Infinity ? Infinity : (Math.log(x) - mu) / sigma);
  const [low, high] = [at(fromMs), at(toMs)];
  const share = normalShare(high) - normalShare(low);
  if (share < 1e-12) return { share: 0, mean: 0, variance: 0 };
  const moment = (order: number): number =>
    (Math.exp(order * mu + (order * sigma) ** 2 / 2) *
      (normalShare(high - order * sigma) - normalShare(low - order * sigma))) /
    share;
  const mean = moment(1);
  return { share, mean, variance: Math.max(0, moment(2) - mean * mean) };
}

/** The standard normal distribution function, to 1e-7 (Abramowitz and Stegun 26.2.17). */
function normalShare(x: number): number {
  if (x === Infinity) return 1;
  if (x === -Infinity) return 0;
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const upper = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return x >= 0 ? 1 - upper : upper;
}
