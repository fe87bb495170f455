import { wholeWarmUpMs, withBoundsPerCandidate } from '../experiment/analysis-rules.ts';
import { defined } from '../text/defined.ts';
import { formatDuration } from '../text/duration.ts';
import { testBoundaries } from '../verdicts/evidence.ts';
import type { Experiment, Objective } from '../experiment/experiment.ts';
import type { Bucket } from '../measurements/measurement.ts';
import { isFact, metricFacts } from '../experiment/metric.ts';
import { findLimitDoubts } from '../experiment/metric-range.ts';
import { bucketed, expectedLatencies, latencyByMean } from './latency.ts';
import { logPassEvidence } from '../stats/bernoulli.ts';
import { intervalDispersion } from '../stats/dispersion.ts';
import { bucketAround } from '../stats/exceedance.ts';
import { leastRequests } from '../stats/least-requests.ts';
import { latencyCapMs, logBetEvidence, meanPassIncrements } from '../stats/mean-betting.ts';
import { plannedLoad } from '../measurements/load-test.ts';
import type { PlannedLoad } from '../measurements/load-test.ts';
import { firstWeights, highestWeights } from '../planner/share-among-candidates.ts';
import type { HighestWeights } from '../planner/share-among-candidates.ts';
import { judgedVersions, movesTraffic } from '../experiment/versions.ts';
import { nextStep } from '../planner/next-weight.ts';

/** What is known of a target before its experiment runs. */
export interface Surroundings {
  /** The requests of all versions together. */
  readonly requestsPerSecond?: number;
  /** Latencies that the baseline has shown lately. */
  readonly latencies?: { readonly buckets: readonly Bucket[]; readonly sumMs: number };
  /**
   * For each objective the intraclass correlation of bad requests, or of latencies, within an interval, 0..1; null
   * where it is not known.
   */
  readonly correlations?: readonly (number | null)[];
  /** The candidate's weight under FixedSplit, percent; an even split where it is absent. */
  readonly candidateWeight?: number;
  readonly scrapeIntervalMs?: number;
}

/** One step of the planned schedule: an interval and the weight of each candidate in it, percent, while none leads. */
export interface PlannedStep {
  /** The time since the first step. */
  readonly atMs: number;
  readonly weight: number;
  /** The requests of each candidate until the end of this step; absent where the traffic is not known. */
  readonly candidateRequests?: number;
}

/**
 * The candidate's requests that a pass needs, and the time from the first step until they have come. Both are absent
 * where it never passes, the time also where the traffic is not known.
 */
export interface PassForecast {
  readonly requests?: number;
  readonly afterMs?: number;
}

/**
 * When an objective can pass at best: within the plan, only in an extension, only after the longest duration of the run, or never
 * (its buckets or latencies do not let evidence grow). `unknown`: the traffic is not known.
 */
export type Outlook = 'planned' | 'extended' | 'tooLate' | 'never' | 'unknown';

/** When an objective can pass, and what that needs. */
export interface ObjectiveForecast {
  readonly objective: Objective;
  readonly outlook: Outlook;
  /**
   * The need without any bad request; for a mean latency that of the baseline, or half the limit where the baseline's
   * is not known.
   */
  readonly atBest: PassForecast;
  /** The need at half the limit. */
  readonly halfway: PassForecast;
}

/** What a schedule can reach, if no evidence is against the candidate. */
export interface Forecast {
  readonly steps: readonly PlannedStep[];
  /** The weights once a candidate leads by its reward; absent without a reward. */
  readonly leading?: NonNullable<HighestWeights['leading']>;
  readonly shortestMs: number;
  readonly longestMs: number;
  /** Where the experiment counts requests of its own, in place of those of users. */
  readonly load?: PlannedLoad;
  readonly objectives: readonly ObjectiveForecast[];
  /** Whether the schedule can bring a pass of all objectives, as far as that is known. */
  readonly canPass: boolean;
  readonly warnings: readonly string[];
}

/** Forecasts an experiment: its timeline, what a pass needs, and whether the schedule can bring it. */
export function forecast(planned: Experiment, surroundings: Surroundings): Forecast {
  const experiment = withBoundsPerCandidate(planned);
  const load = loadOfJudged(experiment);
  const steps = plannedSteps(experiment, surroundings, load);
  const shortestMs = wholeWarmUpMs(experiment) + experiment.iterations * experiment.intervalMs;
  const isExtended = experiment.analysis.undecided === 'extend';
  const longestMs = shortestMs + (isExtended ? experiment.analysis.longestExtensionMs : 0);
  const objectives = experiment.objectives.map((objective, index) => {
    const dispersion = dispersionFor(experiment, { ...surroundings, steps }, index);
    const expected = { ...surroundings, steps, dispersion, ...defined({ load }) };
    return forecastObjective(objective, experiment, { surroundings: expected, shortestMs, longestMs });
  });
  const canPass = objectives.every(({ outlook }) => outlook !== 'tooLate' && outlook !== 'never');
  const leading = experiment.deploymentPattern === 'FixedSplit' ? undefined : highestWeights(experiment).leading;
  const timeline = { steps, shortestMs, longestMs, objectives, canPass, ...defined({ load, leading }) };
  return { ...timeline, warnings: forecastWarnings(experiment, surroundings, timeline) };
}

/** The steps at which the weight changes, each with the requests until the next one. */
export function distinctSteps(steps: readonly PlannedStep[]): readonly PlannedStep[] {
  const changes = steps.filter(({ weight }, index) => index === 0 || weight !== steps[index - 1]?.weight);
  return changes.map(({ atMs, weight }, index) => {
    const next = changes[index + 1];
    const last = steps.findLast((step) => next === undefined || step.atMs < next.atMs);
    return { atMs, weight, ...defined({ candidateRequests: last?.candidateRequests }) };
  });
}

/** The requests of all versions together in one interval; undefined where the traffic is not known. */
export function requestsPerInterval(
  { intervalMs }: Pick<Experiment, 'intervalMs'>,
  requestsPerSecond: number | undefined,
): number | undefined {
  return requestsPerSecond === undefined ? undefined : (requestsPerSecond * intervalMs) / 1000;
}

/** The weights that the judged versions begin with, percent. */
export function plannedWeights(
  experiment: Experiment,
  { requestsPerSecond, candidateWeight }: Pick<Surroundings, 'requestsPerSecond' | 'candidateWeight'>,
): readonly number[] {
  if (!movesTraffic(experiment)) return [candidateWeight ?? 100];
  if (experiment.deploymentPattern === 'FixedSplit') {
    const even = Math.floor(100 / (experiment.candidates.length + 1));
    return experiment.candidates.map(() => candidateWeight ?? even);
  }
  return firstWeights(experiment, requestsPerInterval(experiment, requestsPerSecond)).weights;
}

/** How many requests of one interval are worth an independent one, at the candidate's mean weight. */
function dispersionFor(experiment: Experiment, { correlations, steps }: Planned, index: number): number {
  const { dispersion } = experiment.analysis;
  if (typeof dispersion === 'number') return Math.max(1, dispersion);
  const correlation = correlations?.[index] ?? 0;
  const { candidateRequests = 0 } = steps.at(-1) ?? {};
  return dispersion === 'off' ? 1 : intervalDispersion(candidateRequests / Math.max(1, steps.length), correlation);
}

function loadOfJudged(experiment: Experiment): PlannedLoad | undefined {
  const [version] = judgedVersions(experiment);
  return version === undefined ? undefined : plannedLoad(experiment, version.name);
}

function plannedSteps(
  experiment: Experiment,
  surroundings: Surroundings,
  load: PlannedLoad | undefined,
): readonly PlannedStep[] {
  const { intervalMs, iterations, iterationsPerLoop } = experiment;
  const warmUpMs = wholeWarmUpMs(experiment);
  const perInterval = requestsPerInterval(experiment, surroundings.requestsPerSecond);
  const highest = highestWeights(experiment).each;
  const steps: PlannedStep[] = [];
  let [weight = 0] = plannedWeights(experiment, surroundings);
  let candidateRequests = 0;
  for (let index = 0; index < Math.min(iterations, mostSteps); index += 1) {
    candidateRequests += ((perInterval ?? 0) * weight) / 100;
    const byUsers = perInterval === undefined ? undefined : Math.floor(candidateRequests);
    // The loop actions run after the decision of their iteration.
    const byLoad = load && load.atStart + Math.floor(index / iterationsPerLoop) * load.perLoop;
    const known = defined({ candidateRequests: load === undefined ? byUsers : byLoad });
    steps.push({ atMs: index === 0 ? 0 : warmUpMs + index * intervalMs, weight, ...known });
    if (experiment.deploymentPattern === 'Progressive' && movesTraffic(experiment)) {
      weight = Math.max(weight, Math.min(nextStep(experiment, weight), highest));
    }
  }
  return steps;
}

/** The most steps that a timeline lists; later ones are all alike. */
const mostSteps = 1000;

type Planned = Surroundings & { readonly steps: readonly PlannedStep[]; readonly load?: PlannedLoad };
type Expected = Planned & { readonly dispersion: number };

interface Schedule {
  readonly surroundings: Expected;
  readonly shortestMs: number;
  readonly longestMs: number;
}

function forecastObjective(objective: Objective, experiment: Experiment, schedule: Schedule): ObjectiveForecast {
  const { surroundings } = schedule;
  const best = requestsAt(objective, experiment, { surroundings, shareOfLimit: 0 });
  const half = requestsAt(objective, experiment, { surroundings, shareOfLimit: 0.5 });
  const within = (requests: number | undefined): PassForecast => {
    if (requests === undefined) return {};
    const afterMs = timeUntil(requests, experiment, surroundings);
    return { requests, ...defined({ afterMs }) };
  };
  const atBest = within(best);
  return { objective, outlook: chooseOutlook(atBest, schedule), atBest, halfway: within(half) };
}

function chooseOutlook(
  { requests, afterMs }: PassForecast,
  { shortestMs, longestMs, surroundings: { load } }: Schedule,
): Outlook {
  if (requests === undefined) return 'never';
  // A load without an end in time sends no more than it says.
  if (afterMs === undefined) return load === undefined ? 'unknown' : 'tooLate';
  if (afterMs > longestMs) return 'tooLate';
  return afterMs > shortestMs ? 'extended' : 'planned';
}

interface Quality {
  readonly surroundings: Expected;
  /** The true share of bad requests, as a part of the limit. */
  readonly shareOfLimit: number;
}

/** The requests until a pass at a constant quality; undefined where none suffice. */
function requestsAt(objective: Objective, experiment: Experiment, quality: Quality): number | undefined {
  const { minSamples } = experiment;
  const { method, falsePass } = experiment.analysis;
  const facts = metricFacts(objective.metric, experiment.metrics);
  if (findLimitDoubts(objective, experiment.metrics).some(({ kind }) => kind === 'neverKept')) return undefined;
  if (method === 'threshold' || isFact(facts)) return Math.max(1, minSamples);
  const evidence = evidenceAt(objective, experiment, quality);
  const needed = evidence && leastRequests((requests) => evidence(requests) >= -Math.log(falsePass));
  if (needed === undefined || needed === Infinity) return undefined;
  return Math.max(Math.ceil(needed * quality.surroundings.dispersion), minSamples);
}

function evidenceAt(
  objective: Objective,
  experiment: Experiment,
  { surroundings, shareOfLimit }: Quality,
): ((requests: number) => number) | undefined {
  const { limit, boundary } = testBoundaries(objective, experiment);
  if (objective.metric !== 'mean-latency') {
    return (requests) => logPassEvidence({ requests, bad: requests * limit * shareOfLimit }, boundary);
  }
  const shown = shareOfLimit === 0 ? surroundings.latencies : undefined;
  const { buckets, sumMs } = shown ?? expectedLatencies(1, bucketed(latencyByMean(limit / 2)));
  const count = buckets.at(-1)?.count ?? 0;
  const capMs = latencyCapMs(
    buckets.map(({ le }) => le),
    limit,
  );
  if (count === 0 || capMs === undefined || capMs <= boundary) return undefined;
  const increments = meanPassIncrements({ buckets, sumMs }, { boundaryMs: boundary, capMs });
  return (requests) => logBetEvidence(increments.map((log) => (log * requests) / count));
}

/**
 * The time from the first step until the candidate has had so many requests, ms, if its weight follows the plan;
 * undefined where it is not known.
 */
function timeUntil(
  requests: number,
  experiment: Experiment,
  { requestsPerSecond, steps, load }: Planned,
): number | undefined {
  if (load !== undefined) return timeUntilLoaded(requests, experiment, load);
  if (requestsPerSecond === undefined || requestsPerSecond <= 0) return undefined;
  const { intervalMs } = experiment;
  const warmUpMs = wholeWarmUpMs(experiment);
  const reached = steps.findIndex(({ candidateRequests = 0 }) => candidateRequests >= requests);
  if (reached !== -1) return warmUpMs + (reached + 1) * intervalMs;
  const last = steps.at(-1);
  if (last === undefined || last.weight === 0) return undefined;
  const missing = requests - (last.candidateRequests ?? 0);
  const perInterval = (requestsPerSecond * intervalMs * last.weight) / 100_000;
  return warmUpMs + intervalMs * (steps.length + Math.ceil(missing / perInterval));
}

function timeUntilLoaded(
  requests: number,
  experiment: Experiment,
  { atStart, perLoop }: PlannedLoad,
): number | undefined {
  const { intervalMs, iterations, iterationsPerLoop } = experiment;
  const missing = Math.max(0, requests - atStart);
  const loops = missing === 0 ? 0 : Math.ceil(missing / perLoop);
  // After the last planned iteration no loop action runs any more.
  if (loops > Math.floor(iterations / iterationsPerLoop)) return undefined;
  return wholeWarmUpMs(experiment) + (loops * iterationsPerLoop + 1) * intervalMs;
}

function forecastWarnings(
  experiment: Experiment,
  surroundings: Surroundings,
  timeline: Omit<Forecast, 'warnings'>,
): readonly string[] {
  return [
    ...timeline.objectives.flatMap((one) => scheduleWarning(one, experiment, timeline)),
    ...experiment.objectives.flatMap((objective) => bucketWarning(objective, experiment, surroundings)),
    ...scrapeWarning(experiment, surroundings),
    ...budgetWarning(experiment, surroundings),
  ];
}

function scheduleWarning(
  { objective, outlook, atBest: { requests = 0, afterMs = 0 } }: ObjectiveForecast,
  { iterations, iterationsPerLoop, minSamples, metrics }: Experiment,
  { longestMs, shortestMs, load }: Omit<Forecast, 'warnings'>,
): readonly string[] {
  if (load !== undefined && outlook === 'tooLate') {
    const sent = load.atStart + Math.floor((iterations - 1) / iterationsPerLoop) * load.perLoop;
    const fewer = sent > 0 && requests === minSamples ? `, or set serin.dev/min-samples to at most ${sent}` : '';
    const remedy = `let metrics/collect send more (numQueries, or time and qps)${fewer}`;
    const found = `metrics/collect counts ${sent} by the last decision: no verdict can be reached`;
    return [`${objective.metric} needs at least ${requests} requests, but ${found}; ${remedy}`];
  }
  const need = `${objective.metric} needs at least ${requests} requests of the candidate, which take about ${formatDuration(afterMs)} at the traffic now`;
  switch (outlook) {
    case 'planned':
    case 'unknown':
      return [];
    case 'extended':
      return [`${need}: longer than the planned ${formatDuration(shortestMs)}, so the run will be extended`];
    case 'tooLate':
      return [
        `${need}, but the run ends after ${formatDuration(longestMs)}: no verdict can be reached; give it more time or a higher tolerance`,
      ];
    case 'never':
      // What the limit itself rules out is said of the manifest.
      if (findLimitDoubts(objective, metrics).some(({ kind }) => kind === 'neverKept')) return [];
      return [
        `${objective.metric} cannot pass: its buckets or its latencies do not let evidence grow; choose another limit`,
      ];
  }
}

function bucketWarning(objective: Objective, experiment: Experiment, { latencies }: Surroundings): readonly string[] {
  const { metric, upperLimit } = objective;
  const isTested = experiment.analysis.method === 'sequential' && metricFacts(metric).kind.kind === 'tail-latency';
  if (!isTested || upperLimit === undefined || latencies === undefined) return [];
  const around = bucketAround(
    latencies.buckets.map(({ le }) => le),
    upperLimit,
  );
  if (around === undefined) return [];
  const { lower, upper } = around;
  const advice = upper === null ? `${lower} ms` : `${lower} or ${upper} ms`;
  return [
    `${metric}: the limit of ${upperLimit} ms lies inside the bucket from ${lower} to ${upper ?? 'infinity'} ms; requests in it count against a pass and not for a fail, so a version near the limit stays undecided; use ${advice}`,
  ];
}

function scrapeWarning({ intervalMs }: Experiment, { scrapeIntervalMs }: Surroundings): readonly string[] {
  if (scrapeIntervalMs === undefined || intervalMs >= 2 * scrapeIntervalMs) return [];
  const [interval, scrape] = [formatDuration(intervalMs), formatDuration(scrapeIntervalMs)];
  return [
    `the interval of ${interval} is under two scrapes of ${scrape}: intervals may be empty, and counts come late`,
  ];
}

function budgetWarning(experiment: Experiment, { requestsPerSecond }: Surroundings): readonly string[] {
  const { riskBudget } = experiment.analysis;
  if (riskBudget === undefined || requestsPerSecond === undefined) return [];
  const least = (requestsPerSecond * experiment.intervalMs) / 100_000;
  if (least <= riskBudget) return [];
  return [
    `risk budget ${riskBudget}: even 1 % of the traffic is ${Math.round(least)} requests an interval, so a version that fails them all exceeds it before it is seen`,
  ];
}
