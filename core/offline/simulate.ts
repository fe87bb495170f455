import { wholeWarmUpMs } from '../experiment/analysis-rules.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { noCounts } from '../measurements/measurement.ts';
import type { Counts } from '../measurements/measurement.ts';
import { isEnd, observeUndisturbed, undisturbedState } from './rejudge.ts';
import { ownSampleSize } from '../measurements/sample-size.ts';
import { initialCandidateState } from '../planner/candidate-state.ts';
import type { IntervalJudgement } from '../planner/judge-candidate.ts';
import { candidateWeights } from '../planner/experiment-state.ts';
import { withPlan } from '../planner/plan-all.ts';
import type { Plan } from '../planner/plan-all.ts';
import type { ExperimentState } from '../planner/experiment-state.ts';
import { findExcuse } from '../verdicts/assessment.ts';
import { fails } from '../verdicts/leader.ts';
import { plannedWeights } from './forecast.ts';
import { sampleLatencies } from './latency.ts';
import type { BucketedLatency } from './latency.ts';
import { binomial, burstyShare, normal, poisson } from './random.ts';
import type { Random } from './random.ts';

/** How a version behaves; error rate and latencies may change with the interval, from 1. */
export interface SimulatedVersion {
  readonly errorRate: number | ((interval: number) => number);
  /** The correlation of failures within one interval, 0..1. */
  readonly correlation?: number;
  /** Absent: no latencies are drawn. */
  readonly latency?: BucketedLatency | ((interval: number) => BucketedLatency);
  /** The mean of the experiment's reward, where that is a metric of the user; each request varies by as much. */
  readonly reward?: number;
}

/** An experiment, and the traffic that it is simulated with. */
export interface SimulationInput {
  readonly experiment: Experiment;
  readonly baseline: SimulatedVersion;
  /** One for each candidate of the experiment, in their order. */
  readonly candidates: readonly SimulatedVersion[];
  /** The requests of all versions together. */
  readonly requestsPerSecond: number;
  /** The candidate's weight under FixedSplit, percent; other experiments begin at their own first step. */
  readonly candidateWeight?: number;
  readonly random: Random;
}

/** How one simulated experiment ended. */
export interface SimulatedRun {
  /** `failed`: no candidate was promoted, and at least one was blamed or worse than the baseline by its reward. */
  readonly outcome: 'promoted' | 'failed' | 'undecided';
  /** Whether any candidate had passed all objectives by then. */
  readonly hasPassed: boolean;
  /** Intervals until the end. */
  readonly intervals: number;
  readonly candidateRequests: number;
  /** Error responses that the candidates served. */
  readonly candidateErrors: number;
  /** One for each candidate, in their order. */
  readonly candidates: readonly SimulatedCandidate[];
}

/** How one candidate of a simulated experiment ended. */
export interface SimulatedCandidate {
  /** `lost`: another version was promoted or kept, though this one did not fail. */
  readonly outcome: 'promoted' | 'failed' | 'lost' | 'undecided';
  /** Intervals until it was decided about. */
  readonly intervals: number;
  readonly requests: number;
  readonly errors: number;
}

/** A candidate so far; without an outcome it is still judged. */
type Tally = Omit<SimulatedCandidate, 'outcome'> & Partial<Pick<SimulatedCandidate, 'outcome'>>;

/** Runs one experiment against random traffic, with the functions that decide a real one. */
export function simulate(input: SimulationInput): SimulatedRun {
  const { experiment } = input;
  let state = begin(input);
  let hasPassed = false;
  let tallies: readonly Tally[] = state.candidateStates.map(() => ({ intervals: 0, requests: 0, errors: 0 }));
  const most = mostIntervals(experiment);
  for (let interval = 1; interval <= most; interval += 1) {
    const { baseline, candidates } = answer(input, candidateWeights({ ...state, experiment }), interval);
    tallies = tallies.map((tally, index) => withServed(tally, candidates[index] ?? noCounts, interval));
    const nowMs = interval * experiment.intervalMs;
    const window = { fromMs: nowMs - experiment.intervalMs, toMs: nowMs };
    const measurement = { kind: 'measured', ...window, baseline, candidates } as const;
    const observation = observeUndisturbed(state, { experiment, measurement, nowMs, shown: false });
    const { plan, judgement = [] } = observation;
    state = withPlan(observation.state, plan);
    hasPassed ||= judgement.some((one) => one?.assessment.overall?.verdict === 'pass');
    tallies = tallies.map((tally, index) => withOutcome(tally, { plan, index, judged: judgement[index] ?? undefined }));
    if (isEnd(plan)) return ended(tallies, { hasPassed, intervals: interval });
  }
  return ended(tallies, { hasPassed, intervals: most });
}

/** More intervals than any run has. */
function mostIntervals(experiment: Experiment): number {
  const extraMs = experiment.analysis.longestExtensionMs + wholeWarmUpMs(experiment);
  return experiment.iterations + Math.ceil(extraMs / experiment.intervalMs) + 1;
}

function withServed(tally: Tally, { requests, errors5xx }: Counts, interval: number): Tally {
  const served = { ...tally, requests: tally.requests + requests, errors: tally.errors + errors5xx };
  return tally.outcome === undefined ? { ...served, intervals: interval } : served;
}

interface Decision {
  readonly plan: Plan;
  readonly index: number;
  readonly judged: IntervalJudgement | undefined;
}

function withOutcome(tally: Tally, { plan, index, judged }: Decision): Tally {
  if (tally.outcome !== undefined) return tally;
  const unchosen = judged !== undefined && isBlamed(judged) ? 'failed' : undefined;
  switch (plan.kind) {
    case 'promote':
      return { ...tally, outcome: plan.winner === index ? 'promoted' : (unchosen ?? 'lost') };
    case 'rollBack':
      return { ...tally, outcome: unchosen ?? (judged?.reward?.verdict === 'worse' ? 'lost' : 'undecided') };
    case 'shift':
      if (!plan.eliminated.some((one) => one.index === index)) return tally;
      return { ...tally, outcome: unchosen ?? 'undecided' };
    case 'hold':
    case 'openGate':
    case 'conclude':
    case 'stop':
      return tally;
  }
}

function ended(tallies: readonly Tally[], end: Pick<SimulatedRun, 'hasPassed' | 'intervals'>): SimulatedRun {
  const candidates = tallies.map((tally) => ({ ...tally, outcome: tally.outcome ?? ('undecided' as const) }));
  const isAny = (outcome: SimulatedCandidate['outcome']): boolean => candidates.some((one) => one.outcome === outcome);
  return {
    ...end,
    outcome: isAny('promoted') ? 'promoted' : isAny('failed') || isAny('lost') ? 'failed' : 'undecided',
    candidateRequests: sum(candidates.map(({ requests }) => requests)),
    candidateErrors: sum(candidates.map(({ errors }) => errors)),
    candidates,
  };
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
  { experiment, baseline, candidates, requestsPerSecond, random }: SimulationInput,
  weights: readonly number[],
  interval: number,
): { readonly baseline: Counts; readonly candidates: readonly Counts[] } {
  const requests = poisson(random, (requestsPerSecond * experiment.intervalMs) / 1000);
  const shares = split(random, requests, weights);
  const draw = (own: number, version: SimulatedVersion | undefined): Counts =>
    version === undefined ? noCounts : drawCounts(random, { requests: own, version, interval, experiment });
  return {
    baseline: draw(requests - sum(shares), baseline),
    candidates: shares.map((own, index) => draw(own, candidates[index])),
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

interface Drawn {
  readonly requests: number;
  readonly version: SimulatedVersion;
  readonly interval: number;
  readonly experiment: Experiment;
}

function drawCounts(random: Random, { requests, version, interval, experiment }: Drawn): Counts {
  if (requests === 0) return noCounts;
  const { errorRate, correlation = 0, latency } = version;
  const mean = typeof errorRate === 'number' ? errorRate : errorRate(interval);
  const errors = binomial(random, requests, burstyShare(random, mean, correlation));
  const present = typeof latency === 'function' ? latency(interval) : latency;
  const { buckets, sumMs } = present === undefined ? noLatencies : sampleLatencies(random, requests, present);
  const values = drawReward(random, requests, { ...experiment, value: version.reward });
  return { requests, errors5xx: errors, errorsNot2xx: errors, latencySumMs: sumMs, buckets, ...values };
}

type Rewarded = Pick<Experiment, 'reward' | 'metrics'> & { readonly value: number | undefined };

function drawReward(random: Random, requests: number, { reward, metrics, value }: Rewarded): Pick<Counts, 'values'> {
  if (reward === undefined || value === undefined) return {};
  const drawn = value + (value / Math.sqrt(requests)) * normal(random);
  const size = ownSampleSize(reward.metric, { metrics });
  const sizes = size === undefined ? {} : { [size]: { kind: 'value', value: requests } as const };
  return { values: { ...sizes, [reward.metric]: { kind: 'value', value: drawn } } };
}

const noLatencies = { buckets: [], sumMs: 0 };
