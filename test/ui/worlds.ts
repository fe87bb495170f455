import { binomial, normal, seededRandom } from '../../core/offline/random.ts';
import type { Random } from '../../core/offline/random.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import type { Bucket, Counts, RunMeasurement } from '../../core/measurements/measurement.ts';
import { allVersions } from '../../core/experiment/versions.ts';
import { anExperiment } from '../support/builders.ts';
import type { ExperimentChanges } from '../support/builders.ts';
import { fakeWorld } from '../support/fake-world.ts';
import type { FakeWorld, WorldBehaviour } from '../support/fake-world.ts';
import { sequentialAnalysis } from '../../core/experiment/analysis.ts';

/** How a version of a world answers. */
export interface Answers {
  /** The share of its requests that fail. */
  readonly errorRate: number;
  readonly medianMs: number;
}

const sound: Answers = { errorRate: 0.001, medianMs: 18 };

interface TrafficOptions {
  readonly requestsPerSecond: number;
  readonly seed: number;
  /** How each candidate answers at the n-th observation, from 1. */
  readonly answers: (n: number, candidate: number) => Answers;
}

/** An experiment at 30 s an interval, as a team would write it. */
export function usualExperiment(changes: ExperimentChanges): Experiment {
  return anExperiment({
    name: 'checkout',
    namespace: 'shop',
    target: { namespace: 'shop', name: 'checkout' },
    baseline: { name: 'v1', revision: 'checkout-00041', variables: { promote: 'v1' } },
    candidates: [{ name: 'v2', revision: 'checkout-00042', variables: { promote: 'v2' } }],
    objectives: [
      { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: true },
      { metric: 'latency-95th-percentile', upperLimit: 150, rollbackOnFailure: true },
    ],
    weights: { maxCandidateWeight: 50, maxCandidateWeightIncrement: 10 },
    intervalMs: 30_000,
    iterations: 20,
    analysis: { ...sequentialAnalysis, longestExtensionMs: 3_600_000 },
    ...changes,
  });
}

/** A world whose versions answer requests at random, in proportion to their weights. */
export function busyWorld(
  experiment: Experiment,
  { requestsPerSecond = 40, seed = 1, answers = () => sound }: Partial<TrafficOptions> = {},
  changes: Partial<WorldBehaviour> = {},
): FakeWorld {
  const random = seededRandom(seed);
  const isAlone = experiment.testingPattern === 'Conformance';
  const world: FakeWorld = fakeWorld({
    experiment,
    weights: experiment.candidates.map(() => 0),
    measure: (n, window): RunMeasurement => {
      const seconds = experiment.intervalMs / 1000;
      const [baseline = 100, ...weights] = (world.patches.at(-1)?.shares ?? []).map(({ percent }) => percent);
      const draw = (percent: number, one: Answers): Counts =>
        drawCounts(random, { requests: (requestsPerSecond * seconds * percent) / 100, ...one });
      const candidates = isAlone ? [] : weights.map((weight, index) => draw(weight, answers(n, index)));
      return { kind: 'measured', ...window, baseline: draw(baseline, isAlone ? answers(n, 0) : sound), candidates };
    },
    ...changes,
  });
  const { preflight } = world.activities;
  const described = {
    ...world.activities,
    preflight: async (...input: Parameters<typeof preflight>) => ({
      ...(await preflight(...input)),
      revisions: allVersions(experiment).map(({ revision }, index) => ({ revision, image: imageOf(index) })),
    }),
  };
  return Object.assign(world, { activities: described });
}

function imageOf(index: number): string {
  const digest = ['5f1d9c3e', '8a72b64d', '1c9e07fa', 'd40b5e21', '76a3f8c9', 'e2d1047b'][index] ?? '00000000';
  return `registry.example.com/shop/checkout@sha256:${digest.repeat(8)}`;
}

interface Drawn extends Answers {
  /** As many as are expected. */
  readonly requests: number;
}

const boundaries: readonly (number | null)[] = [5, 10, 20, 40, 60, 80, 100, 150, 200, 500, 1000, null];

/** Counts with about so many requests, whose latencies are log-normal. */
function drawCounts(random: Random, { requests: expected, errorRate, medianMs }: Drawn): Counts {
  const requests = Math.max(0, Math.round(expected * (0.9 + 0.2 * random())));
  const errors = binomial(random, requests, errorRate);
  const latencies = Array.from({ length: requests }, () => medianMs * Math.exp(0.6 * normal(random)));
  const latencySumMs = latencies.reduce((sum, ms) => sum + ms, 0);
  const buckets = boundaries.map((le): Bucket => ({
    le,
    count: latencies.filter((ms) => le === null || ms <= le).length,
  }));
  return { requests, errors5xx: errors, errorsNot2xx: errors, latencySumMs, buckets: requests === 0 ? [] : buckets };
}
