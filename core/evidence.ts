import { analysisOf, toleranceOf } from './analysis.ts';
import type { Experiment, Objective } from './experiment.ts';
import type { Counts } from './measurement.ts';
import { errorsOf, timedRequests } from './metric-value.ts';
import { isPercentile, quantileOf } from './percentile.ts';
import { failIncrements, logPassEvidence } from './stats/bernoulli.ts';
import type { Trials } from './stats/bernoulli.ts';
import { discounted, dispersionOf, noSpread, ownDispersion, withInterval } from './stats/dispersion.ts';
import type { Spread } from './stats/dispersion.ts';
import { exceedances } from './stats/exceedance.ts';
import { addLogs, disagreement, latencyCapMs, logBetEvidence } from './stats/mean-betting.ts';
import { meanFailIncrements, meanPassIncrements } from './stats/mean-betting.ts';
import { addInterval, freshProcess, logEvidence } from './stats/restarts.ts';
import type { RestartingProcess } from './stats/restarts.ts';

/** What one version has shown about one objective so far; JSON-safe. */
export type ObjectiveEvidence =
  /** The share of bad requests: errors, or requests over a latency limit. */
  | {
      readonly kind: 'share';
      readonly pass: Trials;
      readonly fail: RestartingProcess;
      readonly spread: Spread;
      /** It passed once. */
      readonly passed: boolean;
      /** How far it is beyond the limit at present, see `excessAfter`; bad requests. */
      readonly excess: number;
    }
  | {
      readonly kind: 'mean';
      readonly pass: readonly number[];
      /** What the bets of `pass` were laid on. */
      readonly requests: number;
      readonly fail: RestartingProcess;
      readonly passed: boolean;
      /** The same in ms. */
      readonly excess: number;
      /** Why the latest interval was left out, where it was. */
      readonly skipped?: string;
    }
  /** A count is a fact, not an estimate: it is compared, not tested. */
  | { readonly kind: 'fact' };

/** What both versions have shown, in the order of the experiment's objectives. */
export interface Evidence {
  readonly baseline: readonly ObjectiveEvidence[];
  readonly candidate: readonly ObjectiveEvidence[];
  /** Requests of both versions in the latest intervals, the newest last. */
  readonly recentRequests: readonly number[];
}

export type EvidenceSettings = Pick<
  Experiment,
  'objectives' | 'analysis' | 'tolerance' | 'errorClass' | 'correlations'
>;

const keptIntervals = 5;

export function noEvidence({ objectives }: Pick<Experiment, 'objectives'>): Evidence {
  const fresh = objectives.map(freshEvidence);
  return { baseline: fresh, candidate: fresh, recentRequests: [] };
}

/** Adds what both versions answered in one interval. */
export function addEvidence(
  evidence: Evidence,
  interval: { readonly baseline: Counts; readonly candidate: Counts },
  settings: EvidenceSettings,
): Evidence {
  const added = (role: 'baseline' | 'candidate'): readonly ObjectiveEvidence[] =>
    settings.objectives.map((objective, index) => {
      const known = evidence[role][index] ?? freshEvidence(objective);
      const correlation = settings.correlations?.[index] ?? undefined;
      return addToObjective(known, interval[role], { ...settings, role, objective, correlation });
    });
  const requests = interval.baseline.requests + interval.candidate.requests;
  return {
    baseline: added('baseline'),
    candidate: added('candidate'),
    recentRequests: [...evidence.recentRequests, requests].slice(-keptIntervals),
  };
}

/**
 * What is left of an interval in which the environment failed both versions: it is no failure of the candidate, which would be blamed for
 * it long after it is over. What it says against a pass stays.
 */
export function withoutBlame(before: Evidence, after: Evidence): Evidence {
  const candidate = after.candidate.map((own, index): ObjectiveEvidence => {
    const known = before.candidate[index];
    if (own.kind === 'share' && known?.kind === 'share') return { ...own, fail: known.fail, spread: known.spread };
    return own.kind === 'mean' && known?.kind === 'mean' ? { ...own, fail: known.fail } : own;
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

/** The limit that a fail is tested against, and the boundary that a pass is: limit and tolerance together. */
export function boundariesOf(
  objective: Objective,
  settings: Pick<Experiment, 'analysis' | 'tolerance'>,
): { readonly limit: number; readonly boundary: number } {
  const { metric, upperLimit = 0 } = objective;
  const limit = isPercentile(metric) ? 1 - quantileOf(metric) : upperLimit;
  const boundary = limit * (1 + toleranceOf(settings, metric));
  // A share has no boundary beyond 1.
  return { limit, boundary: metric === 'mean-latency' ? boundary : Math.min(boundary, 1 - 1e-9) };
}

/** The logs of both e-values; zeros where nothing was seen. */
export function logEvidenceOf(
  evidence: ObjectiveEvidence,
  objective: Objective,
  settings: Pick<Experiment, 'analysis' | 'tolerance'>,
): { readonly pass: number; readonly fail: number } {
  switch (evidence.kind) {
    case 'share':
      return {
        pass: logPassEvidence(evidence.pass, boundariesOf(objective, settings).boundary),
        fail: logEvidence(evidence.fail),
      };
    case 'mean':
      return { pass: logBetEvidence(evidence.pass), fail: logEvidence(evidence.fail) };
    case 'fact':
      return { pass: 0, fail: 0 };
  }
}

interface ObjectiveSettings extends EvidenceSettings {
  readonly role: 'baseline' | 'candidate';
  readonly objective: Objective;
  readonly correlation: number | undefined;
}

const freshShare: ObjectiveEvidence = {
  kind: 'share',
  pass: { requests: 0, bad: 0 },
  fail: freshProcess,
  spread: noSpread,
  passed: false,
  excess: 0,
};

function freshEvidence({ metric }: Objective): ObjectiveEvidence {
  if (isPercentile(metric)) return freshShare;
  switch (metric) {
    case 'error-rate':
      return freshShare;
    case 'mean-latency':
      return { kind: 'mean', pass: [], requests: 0, fail: freshProcess, passed: false, excess: 0 };
    case 'request-count':
    case 'error-count':
      return { kind: 'fact' };
  }
}

function addToObjective(known: ObjectiveEvidence, counts: Counts, settings: ObjectiveSettings): ObjectiveEvidence {
  switch (known.kind) {
    case 'share':
      return addShare(known, badRequests(counts, settings), settings);
    case 'mean':
      return addMean(known, counts, settings);
    case 'fact':
      return known;
  }
}

/** The requests of an interval, and how many of them were bad: at most, for a pass, and at least, for a fail. */
export interface BadRequests {
  readonly requests: number;
  readonly atMost: number;
  readonly atLeast: number;
}

export function badRequests(
  counts: Counts,
  { objective, errorClass }: { readonly objective: Objective; readonly errorClass: Experiment['errorClass'] },
): BadRequests {
  if (isPercentile(objective.metric)) {
    return exceedances(counts.buckets, objective.upperLimit ?? Infinity);
  }
  const errors = errorsOf(counts, errorClass);
  return { requests: counts.requests, atMost: errors, atLeast: errors };
}

type ShareEvidence = Extract<ObjectiveEvidence, { kind: 'share' }>;

function addShare(known: ShareEvidence, bad: BadRequests, settings: ObjectiveSettings): ShareEvidence {
  const { requests, atMost, atLeast } = bad;
  if (requests === 0) return { ...known, excess: 0 };
  const { limit, boundary } = boundariesOf(settings.objective, settings);
  const { pass: passDispersion, fail: failDispersion } = dispersions(known, requests, settings);
  const worth = discounted({ requests, bad: atMost }, passDispersion);
  const pass = { requests: known.pass.requests + worth.requests, bad: known.pass.bad + worth.bad };
  const increments = failIncrements(discounted({ requests, bad: atLeast }, failDispersion), limit);
  const suffices = logPassEvidence(pass, boundary) >= -Math.log(analysisOf(settings).falsePass);
  return {
    kind: 'share',
    pass,
    fail: addInterval(known.fail, increments),
    spread: withInterval(known.spread, { requests, bad: atLeast }),
    passed: known.passed || suffices,
    excess: excessAfter(known.excess, atLeast, limit * requests),
  };
}

/** A version that comes in bursts shows it only by its first one, so a pass relies on what was known before. */
function dispersions(
  known: ShareEvidence | MeanEvidence,
  requests: number,
  { correlation = 0, role, ...settings }: ObjectiveSettings,
): { readonly pass: number; readonly fail: number } {
  const { dispersion } = analysisOf(settings);
  switch (dispersion) {
    case 'off':
      return { pass: 1, fail: 1 };
    case 'auto': {
      const learned = dispersionOf(requests, correlation);
      // A burst of the baseline is what the environment does, and excuses at once.
      const own = role === 'candidate' && known.kind === 'share' ? ownDispersion(known.spread) : 1;
      return { pass: learned, fail: Math.max(learned, own) };
    }
    default:
      return { pass: Math.max(1, dispersion), fail: Math.max(1, dispersion) };
  }
}

type MeanEvidence = Extract<ObjectiveEvidence, { kind: 'mean' }>;

function addMean({ skipped: _, ...known }: MeanEvidence, counts: Counts, settings: ObjectiveSettings): MeanEvidence {
  const timed = timedRequests(counts);
  if (timed === 0) return { ...known, excess: 0 };
  const { limit, boundary } = boundariesOf(settings.objective, settings);
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
  // Without a boundary beyond the limit nothing bounds the mean from above.
  if (capMs === undefined || capMs <= boundary) return { ...known, fail, excess };
  const increments = meanPassIncrements(interval, { boundaryMs: boundary, capMs });
  const pass = addLogs(known.pass, worth(increments, dispersion.pass));
  const suffices = logBetEvidence(pass) >= -Math.log(analysisOf(settings).falsePass);
  const requests = known.requests + timed;
  return { ...known, pass, requests, fail, passed: known.passed || suffices, excess };
}
