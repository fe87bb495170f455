import type { Bucket } from '../measurements/measurement.ts';
import { leastRequests } from './least-requests.ts';
import { logMeanExp } from './log-space.ts';

/** The latencies of an interval: how many requests fell into each bucket, and the exact sum. */
export interface LatencyInterval {
  /** Cumulative and ascending, the last unbounded; milliseconds. */
  readonly buckets: readonly Bucket[];
  readonly sumMs: number;
}

/** Bets against "the mean is at least the boundary", as shares of the largest stake that cannot go bankrupt. */
const passStakes = [0.1, 0.3, 0.6, 0.9] as const;

/** Bets against "the mean is at most the limit". */
const failStakes = [0.02, 0.08, 0.3, 0.8] as const;

/** How many times the limit a latency counts at most in the pass test. With 10, versions whose requests hang pass. */
const capFactor = 40;

/**
 * Where latencies are capped in the pass test: the first boundary from 40 times the limit on, or the last finite one.
 * `undefined` without finite boundaries.
 */
export function latencyCapMs(boundaries: readonly (number | null)[], limitMs: number): number | undefined {
  const finite = boundaries.filter((le) => le !== null);
  return finite.find((le) => le >= capFactor * limitMs) ?? finite.at(-1);
}

/**
 * What an interval adds, for each stake, to the log evidence that the mean of latencies capped at `capMs` is below `boundaryMs`.
 *
 * @throws when the cap is not above the boundary: no bet is possible then.
 */
export function meanPassIncrements(
  interval: LatencyInterval,
  { boundaryMs, capMs }: { readonly boundaryMs: number; readonly capMs: number },
): readonly number[] {
  if (capMs <= boundaryMs) throw new Error(`the cap of ${capMs} ms must be above the boundary of ${boundaryMs} ms`);
  const shape = latencyShape(interval);
  return passStakes.map((stake) => growthBelow(shape, { boundaryMs, capMs, bet: stake / (capMs - boundaryMs) }));
}

/** What an interval adds, for each stake, to the log evidence that the mean latency is above the limit. No cap, no assumption. */
export function meanFailIncrements(interval: LatencyInterval, limitMs: number): readonly number[] {
  const shape = latencyShape(interval);
  return failStakes.map((stake) => growthAbove(shape, { limitMs, bet: stake / limitMs }));
}

interface PassBet {
  readonly boundaryMs: number;
  readonly capMs: number;
  /** 1/ms. */
  readonly bet: number;
}

interface FailBet {
  readonly limitMs: number;
  /** 1/ms. */
  readonly bet: number;
}

/** The least that a bet against "the mean, capped, is at least the boundary" gained in the interval. */
export function logGrowthBelow(interval: LatencyInterval, bet: PassBet): number {
  return growthBelow(latencyShape(interval), bet);
}

/** The least that a bet against "the mean is at most the limit" gained in the interval. */
export function logGrowthAbove(interval: LatencyInterval, bet: FailBet): number {
  return growthAbove(latencyShape(interval), bet);
}

function growthBelow(shape: Shape, { boundaryMs, capMs, bet }: PassBet): number {
  return leastLogGrowth(shape, (latencyMs) => Math.log1p(bet * (boundaryMs - Math.min(latencyMs, capMs))));
}

function growthAbove(shape: Shape, { limitMs, bet }: FailBet): number {
  return leastLogGrowth(shape, (latencyMs) => Math.log1p(bet * (latencyMs - limitMs)));
}

/** Adds the increments of an interval to the logs of earlier ones; no logs yet are zeros. */
export function addLogs(logs: readonly number[], increments: readonly number[]): readonly number[] {
  return increments.map((increment, index) => (logs[index] ?? 0) + increment);
}

/** The log evidence of a set of bets; 0 before the first interval. */
export function logBetEvidence(logs: readonly number[]): number {
  return logs.length === 0 ? 0 : logMeanExp(logs);
}

/**
 * How many more requests the bets need to suffice if they go on gaining as they did with `requests`; infinite where they
 * never would, or where nothing is known yet.
 */
export function requestsUntilBetsSuffice(logs: readonly number[], requests: number, falsePass: number): number {
  if (requests === 0) return Infinity;
  return leastRequests((more) => {
    const then = logs.map((log) => log * (1 + more / requests));
    return logBetEvidence(then) >= -Math.log(falsePass);
  });
}

/** Says why sum and buckets of an interval cannot belong together; `undefined` where they can. */
export function disagreement({ buckets, sumMs }: LatencyInterval): string | undefined {
  const most = filledCells(buckets).reduce((sum, { count, toMs }) => sum + count * toMs, 0);
  // Sums are rounded to microseconds.
  return sumMs <= most + 0.001 ? undefined : `the sum of ${sumMs} ms is more than the ${most} ms of its buckets`;
}

/**
 * The variance of latencies, ms², estimated from the buckets: requests spread evenly over a bucket, at the lower end
 * of the last. With few and wide buckets it is more than the true one.
 */
export function latencyVariance({ buckets, sumMs }: LatencyInterval): number {
  const cells = filledCells(buckets);
  const requests = cells.reduce((sum, { count }) => sum + count, 0);
  if (requests === 0) return 0;
  const mean = sumMs / requests;
  const squares = cells.map(({ count, fromMs, toMs }) => {
    const widthMs = toMs === Infinity ? 0 : toMs - fromMs;
    return count * ((fromMs + widthMs / 2 - mean) ** 2 + widthMs ** 2 / 12);
  });
  return squares.reduce((sum, square) => sum + square, 0) / requests;
}

interface Cell {
  readonly count: number;
  readonly fromMs: number;
  /** Infinite for the last. */
  readonly toMs: number;
}

/** What is known of the latencies of an interval. */
interface Shape {
  readonly cells: readonly Cell[];
  readonly sumMs: number;
}

function latencyShape({ buckets, sumMs }: LatencyInterval): Shape {
  return { cells: filledCells(buckets), sumMs };
}

/** The buckets that hold requests. */
function filledCells(buckets: readonly Bucket[]): readonly Cell[] {
  const cells: Cell[] = [];
  let [below, fromMs] = [0, 0];
  for (const { le, count } of buckets) {
    if (count > below) cells.push({ count: count - below, fromMs, toMs: le ?? Infinity });
    [below, fromMs] = [count, le ?? Infinity];
  }
  return cells;
}

/**
 * The least that a log growth, concave in each bucket, can be over all latencies with these buckets and this sum.
 *
 * A linear program with a greedy optimum: all requests at the lower ends of their buckets, then what is left of the sum
 * spread along the buckets' chords, the steepest descent first. In the last bucket the growth does not fall (it is constant above
 * the cap, or rises slower than any line), so its chord is flat.
 */
function leastLogGrowth({ cells, sumMs }: Shape, growth: (latencyMs: number) => number): number {
  const chords: { readonly room: number; readonly slope: number }[] = [];
  // `left` is negative where sum and buckets are of different times.
  let [total, left] = [0, sumMs];
  for (const { count, fromMs, toMs } of cells) {
    const atStart = growth(fromMs);
    total += count * atStart;
    left -= count * fromMs;
    const width = toMs - fromMs;
    chords.push(
      width === Infinity
        ? { room: Infinity, slope: 0 }
        : { room: count * width, slope: (growth(toMs) - atStart) / width },
    );
  }
  chords.sort((a, b) => a.slope - b.slope);
  for (const { room, slope } of chords) {
    if (left <= 0) break;
    const spread = Math.min(left, room);
    total += spread * slope;
    left -= spread;
  }
  return total;
}
