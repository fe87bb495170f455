import { wholeWarmUpMs } from '../experiment/analysis-rules.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { noCounts } from '../measurements/measurement.ts';
import type { Counts } from '../measurements/measurement.ts';
import { observeUndisturbed, undisturbedState } from './rejudge.ts';
import { initialCandidateState } from '../planner/candidate-state.ts';
import type { IntervalJudgement } from '../planner/judge-candidate.ts';
import { candidateWeights } from '../planner/experiment-state.ts';
import { withPlan } from '../planner/plan-all.ts';
import type { ExperimentState } from '../planner/experiment-state.ts';
import { findExcuse } from '../verdicts/assessment.ts';
import { fails } from '../verdicts/leader.ts';
import { plannedWeights } from './forecast.ts';
import { sampleLatencies } from './latency.ts';
import type { BucketedLatency } from './latency.ts';
import { binomial, burstyShare, poisson } from './random.ts';
import type { Random } from './random.ts';

/** How a version behaves; the error rate may change with the interval, from 1. */
export interface SimulatedVersion {
  readonly errorRate: number | ((interval: number) => number);
  /** The correlation of failures within one interval, 0..1. */
  readonly correlation?: number;
  /** Absent: no latencies are drawn. */
  readonly latency?: BucketedLatency;
}

/** An experiment, and the traffic that it is simulated with. */
export interface SimulationInput {
  readonly experiment: Experiment;
  readonly baseline: SimulatedVersion;
  /** How each candidate of the experiment behaves. */
  readonly candidate: SimulatedVersion;
  /** The requests of all versions together. */
  readonly requestsPerSecond: number;
  /** The candidate's weight under FixedSplit, percent; other experiments begin at their own first step. */
  readonly candidateWeight?: number;
  readonly random: Random;
}

/** How one simulated experiment ended. */
export interface SimulatedRun {
  readonly outcome: 'promoted' | 'failed' | 'undecided';
  /** Whether any candidate had passed all objectives by then. */
  readonly hasPassed: boolean;
  /** Intervals until the end. */
  readonly intervals: number;
  readonly candidateRequests: number;
  /** Error responses that the candidates served. */
  readonly candidateErrors: number;
}

/** Runs one experiment against random traffic, with the functions that decide a real one. */
export function simulate(input: SimulationInput): SimulatedRun {
  const { experiment } = input;
  let state = begin(input);
  let [candidateRequests, candidateErrors, hasPassed] = [0, 0, false];
  const extraMs = experiment.analysis.longestExtensionMs + wholeWarmUpMs(experiment);
  const most = experiment.iterations + Math.ceil(extraMs / experiment.intervalMs) + 1;
  for (let interval = 1; interval <= most; interval += 1) {
    const { baseline, candidates } = answer(input, candidateWeights({ ...state, experiment }), interval);
    candidateRequests += sum(candidates.map(({ requests }) => requests));
    candidateErrors += sum(candidates.map(({ errors5xx }) => errors5xx));
    const nowMs = interval * experiment.intervalMs;
    const window = { fromMs: nowMs - experiment.intervalMs, toMs: nowMs };
    const measurement = { kind: 'measured', ...window, baseline, candidates } as const;
    const observation = observeUndisturbed(state, { experiment, measurement, nowMs, shown: false });
    const next = observation.plan;
    state = withPlan(observation.state, next);
    const judged = (observation.judgement ?? []).filter((one) => one !== null);
    hasPassed ||= judged.some(({ assessment }) => assessment.overall?.verdict === 'pass');
    const served = { hasPassed, intervals: interval, candidateRequests, candidateErrors };
    switch (next.kind) {
      case 'promote':
        return { outcome: 'promoted', ...served };
      case 'rollBack':
        return { outcome: judged.some(isBlamed) ? 'failed' : 'undecided', ...served };
      case 'openGate':
      case 'conclude':
      case 'stop':
        return { outcome: 'undecided', ...served };
      case 'shift':
      case 'hold':
        break;
    }
  }
  return { outcome: 'undecided', hasPassed, intervals: most, candidateRequests, candidateErrors };
}

/** Whether the candidate has failed, and is blamed for it. */
function isBlamed({ assessment }: IntervalJudgement): boolean {
  return findExcuse(assessment) === undefined && fails(assessment);
}

function begin(input: SimulationInput): ExperimentState {
  return {
    ...undisturbedState({ startedAtMs: 0 }),
    candidateStates: plannedWeights(input.experiment, input).map((weight) => initialCandidateState(weight)),
  };
}

function answer(
  { experiment, baseline, candidate, requestsPerSecond, random }: SimulationInput,
  weights: readonly number[],
  interval: number,
): { readonly baseline: Counts; readonly candidates: readonly Counts[] } {
  const requests = poisson(random, (requestsPerSecond * experiment.intervalMs) / 1000);
  const shares = split(random, requests, weights);
  return {
    baseline: drawCounts(random, { requests: requests - sum(shares), version: baseline, interval }),
    candidates: shares.map((own) => drawCounts(random, { requests: own, version: candidate, interval })),
  };
}

/** Draws how many requests go to each candidate; the rest goes to the baseline. */
function split(random: Random, requests: number, weights: readonly number[]): readonly number[] {
  let [left, percentLeft] = [requests, 100];
  return weights.map((weight) => {
    const own = binomial(random, left, percentLeft === 0 ? 0 : weight / percentLeft);
    left -= own;
    percentLeft -= weight;
    return own;
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

function drawCounts(
  random: Random,
  { requests, version, interval }: { requests: number; version: SimulatedVersion; interval: number },
): Counts {
  if (requests === 0) return noCounts;
  const { errorRate, correlation = 0, latency } = version;
  const mean = typeof errorRate === 'number' ? errorRate : errorRate(interval);
  const errors = binomial(random, requests, burstyShare(random, mean, correlation));
  const { buckets, sumMs } = latency === undefined ? noLatencies : sampleLatencies(random, requests, latency);
  return { requests, errors5xx: errors, errorsNot2xx: errors, latencySumMs: sumMs, buckets };
}

const noLatencies = { buckets: [], sumMs: 0 };
