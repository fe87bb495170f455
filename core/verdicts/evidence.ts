import { metricTolerance } from '../experiment/analysis-rules.ts';
import type { Experiment, Objective } from '../experiment/experiment.ts';
import { addGauge, logGaugeEvidence, noGauge } from './gauge-evidence.ts';
import type { GaugeEvidence } from './gauge-evidence.ts';
import type { Counts, Totals } from '../measurements/measurement.ts';
import { isFact, metricFacts } from '../experiment/metric.ts';
import type { MetricFacts } from '../experiment/metric.ts';
import { badRequests } from './bad-requests.ts';
import type { BadRequests } from './bad-requests.ts';
import { besideAfter, gapAfter } from './beside-evidence.ts';
import { countErrors, metricValue, timedRequests } from '../measurements/metric-value.ts';
import { addOdds, logOddsEvidence, noOdds } from './odds-evidence.ts';
import type { OddsEvidence } from './odds-evidence.ts';
import type { Excuse } from './assessment.ts';
import { rewardGain } from './reward.ts';
import { failIncrements, logPassEvidence } from '../stats/bernoulli.ts';
import type { Trials } from '../stats/bernoulli.ts';
import { discounted, intervalDispersion, noSpread, ownDispersion, withInterval } from '../stats/dispersion.ts';
import type { Spread } from '../stats/dispersion.ts';
import {
  addLogs,
  disagreement,
  latencyCapMs,
  logBetEvidence,
  meanFailIncrements,
  meanPassIncrements,
} from '../stats/mean-betting.ts';
import { addInterval, freshProcess, logEvidence } from '../stats/restarts.ts';
import type { RestartingProcess } from '../stats/restarts.ts';
import { addDifference, noDifferences } from '../stats/sequential-t.ts';
import type { Differences } from '../stats/sequential-t.ts';
import { defined } from '../text/defined.ts';

/** The evidence about one version and one objective so far; JSON-safe. */
export type ObjectiveEvidence =
  /** The share of bad requests: errors, or requests over a latency limit. */
  | {
      readonly kind: 'share';
      readonly pass: Trials;
      readonly fail: RestartingProcess;
      readonly spread: Spread;
      /** Whether the evidence has sufficed for a pass at any observation. */
      readonly passed: boolean;
      /** How far the version is beyond the limit at present, in bad requests; see `excessAfter`. */
      readonly excess: number;
      /** Whether the candidate's bad requests are more than the baseline's; absent before that was first tested. */
      readonly beside?: RestartingProcess;
      /** What there was before the candidate became suspect; present while it is. */
      readonly unblamed?: { readonly fail: RestartingProcess; readonly spread: Spread };
    }
  | {
      readonly kind: 'mean';
      readonly pass: readonly number[];
      /** The requests that the bets of `pass` rest on. */
      readonly requests: number;
      readonly fail: RestartingProcess;
      readonly passed: boolean;
      /** How far the version is beyond the limit at present, in ms; see `excessAfter`. */
      readonly excess: number;
      /** Why the latest interval was left out, where it was. */
      readonly skipped?: string;
      /** Whether more of the candidate's requests are slow than of the baseline's; absent before that was first tested. */
      readonly beside?: RestartingProcess;
      readonly unblamed?: { readonly fail: RestartingProcess };
    }
  /** A user's metric, or a ratio to the baseline, of which each interval has one value. */
  | GaugeEvidence
  /** A share of bad requests beside the baseline's. */
  | OddsEvidence
  /** A count is a fact, not an estimate: it is compared, not tested. */
  | { readonly kind: 'fact' };

/** The evidence about both versions, in the order of the experiment's objectives. */
export interface Evidence {
  readonly baseline: readonly ObjectiveEvidence[];
  readonly candidate: readonly ObjectiveEvidence[];
  /** Requests of both versions in the latest intervals, the newest last. */
  readonly recentRequests: readonly number[];
  /** By how much the candidate's reward was better, interval by interval; present in A/B and A/B/N tests only. */
  readonly gains?: Differences;
}

/** The settings of an experiment that evidence depends on. */
export type EvidenceSettings = Pick<
  Experiment,
  'objectives' | 'analysis' | 'tolerance' | 'errorClass' | 'correlations' | 'reward' | 'metrics'
>;

type Role = 'baseline' | 'candidate';

const keptIntervals = 5;

/** The evidence before the first interval. */
export function noEvidence(settings: Pick<Experiment, 'objectives' | 'metrics'>): Evidence {
  const fresh = (role: Role): readonly ObjectiveEvidence[] =>
    settings.objectives.map((objective) => freshEvidence(objective, role, settings.metrics));
  return { baseline: fresh('baseline'), candidate: fresh('candidate'), recentRequests: [] };
}

/** Adds what both versions answered in one interval. */
export function addEvidence(evidence: Evidence, interval: Totals, settings: EvidenceSettings): Evidence {
  const added = (role: Role): readonly ObjectiveEvidence[] =>
    settings.objectives.map((objective, index) => {
      const known = evidence[role][index] ?? freshEvidence(objective, role, settings.metrics);
      const correlation = settings.correlations[index] ?? undefined;
      return addToObjective(known, interval, { ...settings, role, objective, correlation });
    });
  const requests = interval.baseline.requests + interval.candidate.requests;
  return {
    baseline: added('baseline'),
    candidate: added('candidate'),
    recentRequests: [...evidence.recentRequests, requests].slice(-keptIntervals),
    ...gainsAfter(evidence, interval, settings),
  };
}

function gainsAfter(
  { gains }: Evidence,
  interval: Totals,
  { reward, errorClass }: EvidenceSettings,
): Pick<Evidence, 'gains'> {
  const gain = reward === undefined ? undefined : rewardGain(reward, interval, { errorClass });
  if (gain === undefined) return defined({ gains });
  return { gains: addDifference(gains ?? noDifferences, gain) };
}

/**
 * The evidence after an interval in which the candidate failed without being blamed. Where the environment failed both versions, what
 * the interval adds to a fail is dropped, with all that has come since the candidate became suspect: it would be blamed for it long after
 * it is over. What the interval says against a pass stays. Of a suspect all stays, since it may be to blame after all.
 */
export function withoutBlame(before: Evidence, after: Evidence, excuse: Excuse): Evidence {
  const candidate = after.candidate.map((own, index): ObjectiveEvidence => {
    const known = before.candidate[index];
    if (own.kind === 'share' && known?.kind === 'share') {
      const { unblamed = { fail: known.fail, spread: known.spread } } = known;
      return excuse === 'suspect' ? { ...own, unblamed } : { ...own, ...unblamed };
    }
    if (own.kind === 'mean' && known?.kind === 'mean') {
      const { unblamed = { fail: known.fail } } = known;
      return excuse === 'suspect' ? { ...own, unblamed } : { ...own, ...unblamed };
    }
    if (own.kind !== 'gauge' || known?.kind !== 'gauge') return own;
    const { unblamed = { beyondLimit: known.beyondLimit } } = known;
    return excuse === 'suspect' ? { ...own, unblamed } : { ...own, ...unblamed };
  });
  return { ...after, candidate };
}

/**
 * What was beyond the limit in the latest intervals, each counting half of the one after it: positive while a version misses the limit at
 * present. One lucky interval does not end that, one without any bad request does.
 */
function excessAfter(before: number, bad: number, allowed: number): number {
  return Math.min(before / 2, allowed) + bad - allowed;
}

/** The share of requests that may be over the limit of a tail latency; 1 − 0.95 is not 0.05 in binary. */
function allowedShare(quantile: number): number {
  return Number((1 - quantile).toPrecision(9));
}

/** The limit that a fail is tested against, and the boundary that a pass is: limit and tolerance together. */
export function testBoundaries(
  objective: Objective,
  settings: Pick<Experiment, 'analysis' | 'tolerance'>,
): { readonly limit: number; readonly boundary: number } {
  const { kind } = metricFacts(objective.metric);
  const limit = kind.kind === 'tail-latency' ? allowedShare(kind.quantile) : (objective.upperLimit ?? 0);
  const boundary = limit * (1 + metricTolerance(settings, objective.metric));
  const isShare = kind.kind === 'tail-latency' || kind.kind === 'error-share';
  // A share has no boundary beyond 1.
  return { limit, boundary: isShare ? Math.min(boundary, 1 - 1e-9) : boundary };
}

/** The natural logs of both e-values; zeros before the first interval. */
export function objectiveLogEvidence(
  evidence: ObjectiveEvidence,
  objective: Objective,
  settings: Pick<Experiment, 'analysis' | 'tolerance'>,
): { readonly pass: number; readonly fail: number } {
  switch (evidence.kind) {
    case 'share':
      return {
        pass: logPassEvidence(evidence.pass, testBoundaries(objective, settings).boundary),
        fail: logEvidence(evidence.fail),
      };
    case 'mean':
      return { pass: logBetEvidence(evidence.pass), fail: logEvidence(evidence.fail) };
    case 'gauge':
      return logGaugeEvidence(evidence);
    case 'odds':
      return logOddsEvidence(evidence);
    case 'fact':
      return { pass: 0, fail: 0 };
  }
}

interface ObjectiveSettings extends EvidenceSettings {
  readonly role: Role;
  readonly objective: Objective;
  readonly correlation: number | undefined;
}

function freshEvidence(objective: Objective, role: Role, metrics: Experiment['metrics']): ObjectiveEvidence {
  const facts = metricFacts(objective.metric, metrics);
  if (objective.maxRatioToBaseline !== undefined) return freshRatio(facts, role);
  switch (facts.kind.kind) {
    case 'error-share':
    case 'tail-latency':
      return {
        kind: 'share',
        pass: { requests: 0, bad: 0 },
        fail: freshProcess,
        spread: noSpread,
        passed: false,
        excess: 0,
      };
    case 'mean-latency':
      return { kind: 'mean', pass: [], requests: 0, fail: freshProcess, passed: false, excess: 0 };
    case 'gauge':
      return noGauge;
    case 'count':
    case 'counter':
      return { kind: 'fact' };
  }
}

/** The first evidence for a ratio to the baseline, which is not tested against itself. */
function freshRatio(facts: MetricFacts, role: Role): ObjectiveEvidence {
  if (role === 'baseline' || isFact(facts)) return { kind: 'fact' };
  return facts.kind.kind === 'error-share' ? noOdds : noGauge;
}

function addToObjective(known: ObjectiveEvidence, interval: Totals, settings: ObjectiveSettings): ObjectiveEvidence {
  const counts = interval[settings.role];
  const isCandidate = settings.role === 'candidate';
  switch (known.kind) {
    case 'share': {
      const own = addShare(known, badRequests(counts, settings), settings);
      return isCandidate ? { ...own, beside: besideAfter(known.beside, interval, settings) } : own;
    }
    case 'mean': {
      const own = addMean(known, counts, settings);
      return isCandidate ? { ...own, beside: besideAfter(known.beside, interval, settings) } : own;
    }
    case 'gauge': {
      const own = addValue(known, interval, settings);
      return isCandidate ? { ...own, ...defined({ beside: gapAfter(known.beside, interval, settings) }) } : own;
    }
    case 'odds':
      return addBesideBaseline(known, interval, settings);
    case 'fact':
      return known;
  }
}

/** Adds the distance of the interval's value from what it is tested against; an interval without a value adds nothing. */
function addValue(
  { unblamed: _, ...known }: GaugeEvidence,
  interval: Totals,
  settings: ObjectiveSettings,
): GaugeEvidence {
  const { objective, role, errorClass } = settings;
  const { metric, upperLimit, lowerLimit, maxRatioToBaseline: ratio } = objective;
  const tolerance = metricTolerance(settings, metric);
  const value = metricValue(metric, interval[role], errorClass);
  const baseline = metricValue(metric, interval.baseline, errorClass);
  const { falsePass } = settings.analysis;
  if (value === undefined) return { ...known, excess: 0 };
  if (ratio !== undefined) {
    if (baseline === undefined) return { ...known, excess: 0 };
    const limit = ratio * baseline;
    return addGauge(known, { beyondBoundary: value - limit * (1 + tolerance), beyondLimit: value - limit }, falsePass);
  }
  if (upperLimit === undefined) {
    const limit = lowerLimit ?? 0;
    return addGauge(known, { beyondBoundary: limit * (1 - tolerance) - value, beyondLimit: limit - value }, falsePass);
  }
  const { limit, boundary } = testBoundaries(objective, settings);
  return addGauge(known, { beyondBoundary: value - boundary, beyondLimit: value - limit }, falsePass);
}

function addBesideBaseline(known: OddsEvidence, interval: Totals, settings: ObjectiveSettings): OddsEvidence {
  const { maxRatioToBaseline: ratio = 1, metric } = settings.objective;
  const trials = (counts: Counts): Trials => ({
    requests: counts.requests,
    bad: countErrors(counts, settings.errorClass),
  });
  const paired = { candidate: trials(interval.candidate), baseline: trials(interval.baseline) };
  const boundary = ratio * (1 + metricTolerance(settings, metric));
  return addOdds(known, paired, { ratio, boundary, falsePass: settings.analysis.falsePass });
}

type ShareEvidence = Extract<ObjectiveEvidence, { kind: 'share' }>;

function addShare(
  { unblamed: _, ...known }: ShareEvidence,
  bad: BadRequests,
  settings: ObjectiveSettings,
): ShareEvidence {
  const { requests, atMost, atLeast } = bad;
  if (requests === 0) return { ...known, excess: 0 };
  const { limit, boundary } = testBoundaries(settings.objective, settings);
  const { pass: passDispersion, fail: failDispersion } = dispersions(known, requests, settings);
  const worth = discounted({ requests, bad: atMost }, passDispersion);
  const pass = { requests: known.pass.requests + worth.requests, bad: known.pass.bad + worth.bad };
  const increments = failIncrements(discounted({ requests, bad: atLeast }, failDispersion), limit);
  const suffices = logPassEvidence(pass, boundary) >= -Math.log(settings.analysis.falsePass);
  return {
    kind: 'share',
    pass,
    fail: addInterval(known.fail, increments),
    spread: withInterval(known.spread, { requests, bad: atLeast }),
    passed: known.passed || suffices,
    excess: excessAfter(known.excess, atLeast, limit * requests),
  };
}

/**
 * How much the interval is discounted, for a pass and for a fail. Bursts of a version show only once one has come, so
 * a pass relies on what was known before the run.
 */
function dispersions(
  known: ShareEvidence | MeanEvidence,
  requests: number,
  { correlation = 0, role, ...settings }: ObjectiveSettings,
): { readonly pass: number; readonly fail: number } {
  const { dispersion } = settings.analysis;
  switch (dispersion) {
    case 'off':
      return { pass: 1, fail: 1 };
    case 'auto': {
      const learned = intervalDispersion(requests, correlation);
      // A burst of the baseline is the environment's doing, and excuses the candidate at once.
      const own = role === 'candidate' && known.kind === 'share' ? ownDispersion(known.spread) : 1;
      return { pass: learned, fail: Math.max(learned, own) };
    }
    default:
      return { pass: Math.max(1, dispersion), fail: Math.max(1, dispersion) };
  }
}

type MeanEvidence = Extract<ObjectiveEvidence, { kind: 'mean' }>;

function addMean(
  { skipped: _, unblamed: __, ...known }: MeanEvidence,
  counts: Counts,
  settings: ObjectiveSettings,
): MeanEvidence {
  const timed = timedRequests(counts);
  if (timed === 0) return { ...known, excess: 0 };
  const { limit, boundary } = testBoundaries(settings.objective, settings);
  const interval = { buckets: counts.buckets, sumMs: counts.latencySumMs };
  const torn = disagreement(interval);
  if (torn !== undefined) return { ...known, excess: 0, skipped: torn };
  const capMs = latencyCapMs(
    counts.buckets.map(({ le }) => le),
    limit,
  );
  const dispersion = dispersions(known, timed, settings);
  const worth = (logs: readonly number[], by: number): readonly number[] => logs.map((log) => log / by);
  const fail = addInterval(known.fail, worth(meanFailIncrements(interval, limit), dispersion.fail));
  const excess = excessAfter(known.excess, counts.latencySumMs, limit * timed);
  // Without a bucket boundary beyond the tested one nothing bounds the mean from above.
  if (capMs === undefined || capMs <= boundary) return { ...known, fail, excess };
  const increments = meanPassIncrements(interval, { boundaryMs: boundary, capMs });
  const pass = addLogs(known.pass, worth(increments, dispersion.pass));
  const suffices = logBetEvidence(pass) >= -Math.log(settings.analysis.falsePass);
  const requests = known.requests + timed;
  return { ...known, pass, requests, fail, passed: known.passed || suffices, excess };
}
