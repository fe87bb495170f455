import { bucketed, latencyByMean, latencyByTail } from '../../core/offline/latency.ts';
import type { BucketedLatency } from '../../core/offline/latency.ts';
import { seededRandom } from '../../core/offline/random.ts';
import { failIncrements } from '../../core/stats/bernoulli.ts';
import { addInterval, freshProcess, logEvidence } from '../../core/stats/restarts.ts';
import { binomial } from '../../core/offline/random.ts';
import type { Random } from '../../core/offline/random.ts';
import { ours, threeObjectives } from './ours.ts';
import { argo, flagger, iter8, kayenta } from './peers.ts';
import type { Rule } from './peers.ts';
import { limits, scenarios } from './traffic.ts';
import type { Behaviour } from './traffic.ts';

/** The outcomes of one cell's runs, as shares and means. */
export interface CellResult {
  readonly runs: number;
  /** Percent. */
  readonly promoted: number;
  readonly failed: number;
  readonly undecided: number;
  /** Percent of the runs in which any candidate had passed. */
  readonly passed: number;
  readonly intervals: number;
  readonly requests: number;
  readonly errors: number;
}

/** One setting: a rule, a behaviour, a rate. Named, so that it can be computed in any thread. */
interface Cell {
  readonly rule: Rule;
  readonly behaviour: Behaviour;
  readonly requestsPerSecond: number;
}

export const rates = [2, 20, 200] as const;
export const multiples = [0.1, 0.5, 0.8, 1.5, 2, 5, 20, 90] as const;
export const tolerances = [0, 0.25, 0.5] as const;
export const candidateNumbers = [1, 4, 8] as const;

/** The rules that are compared on error rates alone, by name. */
export const errorRules: Readonly<Record<string, Rule>> = {
  iter8,
  'Flagger, threshold 5': flagger,
  'Argo Rollouts, failureLimit 0': argo(0),
  'Argo Rollouts, failureLimit 3': argo(3),
  Kayenta: kayenta,
  'serin, 12 iterations': ours({}),
  'serin, up to 60': ours({ mostIterations: 60 }),
  'serin, up to 60, tolerance 0': ours({ mostIterations: 60, tolerance: 0 }),
  'serin, up to 60, backoff': ours({ mostIterations: 60, analysis: { onSuspect: 'backoff' } }),
  'serin, up to 60, risk budget 10': ours({
    mostIterations: 60,
    analysis: { riskBudget: 10 },
  }),
};

export const scenarioRules: Readonly<Record<string, Rule>> = {
  iter8,
  'Flagger, threshold 5': flagger,
  'Argo Rollouts, failureLimit 0': argo(0),
  'Argo Rollouts, failureLimit 3': argo(3),
  'serin, 12 iterations': ours({ objectives: threeObjectives }),
  'serin, up to 60': ours({ objectives: threeObjectives, mostIterations: 60 }),
};

export const turningRules: readonly string[] = [
  'iter8',
  'Flagger, threshold 5',
  'Argo Rollouts, failureLimit 0',
  'Argo Rollouts, failureLimit 3',
  'serin, up to 60',
];

/** Intraclass correlations of bursty errors. */
export const correlations = [0, 0.01, 0.05] as const;
export const burstRules: Readonly<Record<string, (correlation: number) => Rule>> = {
  'taken for independent': () => ours({ mostIterations: 60 }),
  'learned from the baseline': (correlation) =>
    ours({ mostIterations: 60, analysis: { dispersion: 'auto' }, correlations: [correlation] }),
};

/** The first interval of a common outage of three intervals, and the share of errors in it. */
export const outageStarts = [1, 4, 8, 11] as const;
export const outageShares = [0.05, 0.2, 0.5] as const;

function commonOutage(first: number, share: number): Pick<Cell, 'rule' | 'behaviour'> {
  const errorRate = (interval: number): number =>
    interval >= first && interval < first + 3 ? share : limits.errorRate / 10;
  return { rule: ours({ mostIterations: 60, baselineErrorRate: errorRate }), behaviour: { errorRate } };
}

/** The mean latency of a common outage, and of a candidate that is slow alone, as multiples of the limit. */
export const outageMeans = [2, 5, 20] as const;
export const slowMeans = [0.8, 1.25, 1.5, 2, 5] as const;

/** The mean latency of a baseline, and of a candidate without an outage: half the limit. */
const usualLatency = bucketed(latencyByMean(limits.meanMs / 2));

function meanAlone(baselineLatency: NonNullable<Behaviour['latency']>): Rule {
  return ours({ objectives: threeObjectives.slice(2), mostIterations: 60, baselineErrorRate: 0, baselineLatency });
}

function commonSlowness(first: number, multiple: number): Pick<Cell, 'rule' | 'behaviour'> {
  const slow = bucketed(latencyByMean(multiple * limits.meanMs));
  const latency = (interval: number): BucketedLatency =>
    interval >= first && interval < first + 3 ? slow : usualLatency;
  return { rule: meanAlone(latency), behaviour: { errorRate: 0, latency } };
}

function slowAlone(multiple: number): Pick<Cell, 'rule' | 'behaviour'> {
  const latency = bucketed(latencyByMean(multiple * limits.meanMs));
  return { rule: meanAlone(usualLatency), behaviour: { errorRate: 0, latency } };
}

const turnsBad: Behaviour = { errorRate: (interval) => (interval <= 6 ? 0.2 : 5) * limits.errorRate };

/** All cells by name. */
export const cells: Readonly<Record<string, Cell>> = Object.fromEntries([
  ...rates.flatMap((requestsPerSecond) => [
    ...Object.entries(errorRules).flatMap(([name, rule]) =>
      multiples.map((multiple) => [
        `errors|${requestsPerSecond}|${name}|${multiple}`,
        { rule, requestsPerSecond, behaviour: { errorRate: multiple * limits.errorRate } },
      ]),
    ),
    ...Object.entries(scenarioRules).flatMap(([name, rule]) =>
      Object.entries(scenarios).map(([scenario, { behaviour }]) => [
        `scenario|${requestsPerSecond}|${name}|${scenario}`,
        { rule, requestsPerSecond, behaviour },
      ]),
    ),
    ...turningRules.map((name) => [
      `turning|${requestsPerSecond}|${name}`,
      { rule: errorRules[name], requestsPerSecond, behaviour: turnsBad },
    ]),
    ...outageStarts.flatMap((first) =>
      outageShares.map((share) => [
        `outage|${requestsPerSecond}|${first}|${share}`,
        { ...commonOutage(first, share), requestsPerSecond },
      ]),
    ),
    ...outageStarts.flatMap((first) =>
      outageMeans.map((multiple) => [
        `slowness|${requestsPerSecond}|${first}|${multiple}`,
        { ...commonSlowness(first, multiple), requestsPerSecond },
      ]),
    ),
    ...slowMeans.map((multiple) => [
      `slow|${requestsPerSecond}|${multiple}`,
      { ...slowAlone(multiple), requestsPerSecond },
    ]),
    ...tolerances.flatMap((tolerance) => {
      const rule = ours({ mostIterations: 60, tolerance });
      return [
        [
          `level|${requestsPerSecond}|pass|${tolerance}`,
          { rule, requestsPerSecond, behaviour: { errorRate: limits.errorRate * (1 + tolerance) } },
        ],
        [
          `level|${requestsPerSecond}|fail|${tolerance}`,
          { rule, requestsPerSecond, behaviour: { errorRate: limits.errorRate } },
        ],
      ];
    }),
    ...candidateNumbers.map((candidates) => [
      `level|${requestsPerSecond}|candidates|${candidates}`,
      {
        rule: ours({ candidates, mostIterations: 60 }),
        requestsPerSecond,
        behaviour: { errorRate: limits.errorRate * 1.5 },
      },
    ]),
    [
      `level|${requestsPerSecond}|three`,
      {
        rule: ours({ objectives: threeObjectives, mostIterations: 60 }),
        requestsPerSecond,
        // Nothing has both its mean and its 95th percentile at the seed's limits: the tail is at its limit here.
        behaviour: { errorRate: limits.errorRate, latency: bucketed(latencyByTail(limits.p95Ms)) },
      },
    ],
    [
      `level|${requestsPerSecond}|mean`,
      {
        rule: ours({ objectives: threeObjectives.slice(2), mostIterations: 60 }),
        requestsPerSecond,
        behaviour: { errorRate: 0, latency: bucketed(latencyByMean(limits.meanMs * 1.25)) },
      },
    ],
  ]),
  ...correlations.flatMap((correlation) =>
    Object.entries(burstRules).flatMap(([name, createRule]) =>
      [0.8, 1.5].map((multiple) => [
        `bursts|${name}|${correlation}|${multiple}`,
        {
          rule: createRule(correlation),
          requestsPerSecond: 20,
          behaviour: { errorRate: multiple * limits.errorRate, correlation },
        },
      ]),
    ),
  ),
]);

/** Runs a cell with a seed of its own, so that its result does not depend on the other cells. */
export function runCell(name: string, runs: number): CellResult {
  const cell = cells[name];
  if (cell === undefined) throw new Error(`no cell ${name}`);
  const random = seededRandom(hashName(name));
  const counts = { promoted: 0, failed: 0, undecided: 0 };
  let passed = 0;
  let [intervals, requests, errors] = [0, 0, 0];
  for (let run = 0; run < runs; run += 1) {
    const { requestsPerSecond, behaviour } = cell;
    const ended = cell.rule({ random, requestsPerSecond }, behaviour);
    counts[ended.outcome] += 1;
    passed += ended.hasPassed === true ? 1 : 0;
    intervals += ended.intervals;
    requests += ended.candidateRequests;
    errors += ended.candidateErrors;
  }
  const percent = (count: number): number => (100 * count) / runs;
  return {
    runs,
    promoted: percent(counts.promoted),
    failed: percent(counts.failed),
    undecided: percent(counts.undecided),
    passed: percent(passed),
    intervals: intervals / runs,
    requests: requests / runs,
    errors: errors / runs,
  };
}

function hashName(name: string): number {
  let hash = 2166136261;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  return hash >>> 0;
}

/**
 * The median number of requests until a fail verdict on a version at twice the limit, with an observation every 20 requests.
 */
export function medianRequestsToFail(runs: number): number {
  const random: Random = seededRandom(15);
  const needed = Array.from({ length: runs }, () => {
    let process = freshProcess;
    for (let requests = 20; ; requests += 20) {
      const bad = binomial(random, 20, 2 * limits.errorRate);
      process = addInterval(process, failIncrements({ requests: 20, bad }, limits.errorRate));
      if (logEvidence(process) >= Math.log(20)) return requests;
    }
  }).sort((a, b) => a - b);
  return needed[Math.floor(runs / 2)] ?? Number.NaN;
}
