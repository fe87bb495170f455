import type { Experiment } from '../experiment/experiment.ts';
import type { SimulatedCandidate, SimulatedRun } from './simulate.ts';

/** What became of many simulated runs. */
export interface Summary {
  /** Percent of the runs, as are `rolledBack` and `undecided`. */
  readonly promoted: number;
  readonly rolledBack: number;
  readonly undecided: number;
  readonly timeToDecisionMs: { readonly median: number; readonly p95: number };
  readonly badRequests: { readonly mean: number; readonly p95: number };
  readonly candidateRequests: { readonly mean: number };
}

/** Summarizes runs of one experiment. */
export function summarize(runs: readonly SimulatedRun[], { intervalMs }: Experiment): Summary {
  return {
    promoted: percentOf(runs, 'promoted'),
    rolledBack: percentOf(runs, 'failed'),
    undecided: percentOf(runs, 'undecided'),
    timeToDecisionMs: timesOf(runs, intervalMs),
    badRequests: spread(runs.map(({ candidateErrors }) => candidateErrors)),
    candidateRequests: { mean: mean(runs.map(({ candidateRequests }) => candidateRequests)) },
  };
}

/** What became of one candidate in them. */
export interface CandidateSummary extends Summary {
  readonly name: string;
  /** Percent of the runs in which another version was better by the reward, or promoted. */
  readonly lost: number;
}

/** Summarizes what became of one candidate of the experiment. */
export function summarizeCandidate(
  runs: readonly SimulatedRun[],
  { intervalMs }: Experiment,
  { name, index }: { readonly name: string; readonly index: number },
): CandidateSummary {
  const own = runs.flatMap(({ candidates }) => candidates[index] ?? []);
  return {
    name,
    promoted: percentOf(own, 'promoted'),
    rolledBack: percentOf(own, 'failed'),
    lost: percentOf(own, 'lost'),
    undecided: percentOf(own, 'undecided'),
    timeToDecisionMs: timesOf(own, intervalMs),
    badRequests: spread(own.map(({ errors }) => errors)),
    candidateRequests: { mean: mean(own.map(({ requests }) => requests)) },
  };
}

type Ended = Pick<SimulatedCandidate, 'outcome' | 'intervals'>;

function percentOf(ended: readonly Ended[], outcome: Ended['outcome']): number {
  return (100 * ended.filter((one) => one.outcome === outcome).length) / ended.length;
}

function timesOf(ended: readonly Ended[], intervalMs: number): Summary['timeToDecisionMs'] {
  const times = ended.map(({ intervals }) => intervals * intervalMs).sort((a, b) => a - b);
  return { median: at(times, 0.5), p95: at(times, 0.95) };
}

function spread(values: readonly number[]): Summary['badRequests'] {
  return {
    mean: mean(values),
    p95: at(
      values.toSorted((a, b) => a - b),
      0.95,
    ),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function at(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? 0;
}
