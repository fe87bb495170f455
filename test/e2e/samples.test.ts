import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findCondition } from '../../operator/status/conditions.ts';
import type { ExperimentStatus } from '../../operator/status/experiment-status.ts';
import type { Sandbox, SupervisedProcess } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import { experimentsIn } from '../support/experiments.ts';
import { startOperatorProcess } from '../support/operator-process.ts';
import {
  analytics,
  apply,
  createRepository,
  deploy,
  experimentName,
  runGit,
  isReady,
  kustomize,
  createPlace,
  startSampleWorker,
} from '../support/sample-place.ts';
import type { Place, SampleStep } from '../support/sample-place.ts';
import { servedTraffic } from '../support/scenario.ts';
import { until } from '../support/until.ts';

let sandbox: Sandbox;
let operator: SupervisedProcess;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  const taskQueue = 'samples';
  await startSampleWorker(taskQueue);
  operator = await startOperatorProcess(sandbox, { name: 'samples-operator', taskQueue });
});
afterAll(async () => {
  operator.signal('SIGTERM');
  await operator.exited;
  await setTagHeaderRouting(null);
});

async function setTagHeaderRouting(value: 'enabled' | null): Promise<void> {
  const patch = JSON.stringify({ data: { 'tag-header-based-routing': value } });
  await sandbox.kubectl('patch', 'configmap/config-features', '-n', 'knative-serving', '--type=merge', '-p', patch);
}

interface Sample {
  /** Also its namespace. */
  readonly name: string;
  readonly manifest: string;
  readonly before: readonly SampleStep[];
  /** What happens once the experiment waits for it. */
  readonly meanwhile?: readonly SampleStep[];
  /** Of a second load beside the first. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly outcome: 'Promoted' | 'RolledBack' | 'Failed' | 'Concluded';
  /** Of condition Failed, where it has failed. */
  readonly failure?: string;
  /** Part of why it ended so. */
  readonly because: string;
  /** The revision that has all traffic in the end. */
  readonly serves: 'sample-app-v1' | 'sample-app-v2';
  readonly after?: (place: Place) => Promise<void>;
}

const baseline = [apply('quickstart/baseline.yaml'), isReady('sample-app-v1')];
const candidate = [apply('quickstart/experimental.yaml'), isReady('sample-app-v2')];
const both = [...baseline, ...candidate];

const samples: readonly Sample[] = [
  {
    name: 'quickstart',
    manifest: 'quickstart/experiment.yaml',
    before: both,
    outcome: 'Promoted',
    because: 'all objectives pass: mean-latency',
    serves: 'sample-app-v2',
  },
  {
    name: 'bad-objective',
    manifest: 'quickstart/experimentwithbadobjective.yaml',
    before: both,
    outcome: 'RolledBack',
    because: 'ms > limit 0.01 ms',
    serves: 'sample-app-v1',
  },
  {
    name: 'bad-metric',
    manifest: 'quickstart/experimentwithbadmetric.yaml',
    before: both,
    outcome: 'Failed',
    failure: 'MetricUnavailable',
    because: 'Unable to find metric bad-metric/busy-percentage',
    serves: 'sample-app-v1',
  },
  {
    name: 'fixed-split',
    manifest: 'canary-fixed-split/experiment.yaml',
    before: [
      kustomize('canary-fixed-split/baseline'),
      isReady('sample-app-v1'),
      kustomize('canary-fixed-split/experimental'),
      isReady('sample-app-v2'),
    ],
    outcome: 'Promoted',
    because: 'all objectives pass: mean-latency',
    serves: 'sample-app-v2',
  },
  {
    name: 'conformance',
    manifest: 'conformance/experiment.yaml',
    before: baseline,
    outcome: 'Concluded',
    because: 'error-count 0 <= limit 0, 400 requests',
    serves: 'sample-app-v1',
  },
  {
    name: 'ab-reward',
    manifest: 'ab-reward/experiment.yaml',
    before: [...both, apply('ab-reward/metrics.yaml')],
    outcome: 'Promoted',
    because: 'better: high is preferred',
    serves: 'sample-app-v2',
  },
  {
    name: 'user-engagement',
    manifest: 'user-engagement/experiment.yaml',
    before: [...both, apply('user-engagement/metrics.yaml'), analytics('current=12', 'candidate=15')],
    outcome: 'Promoted',
    because: 'user-engagement 15.000 against 12.000 of the baseline, better',
    serves: 'sample-app-v2',
  },
  {
    name: 'less-engagement',
    manifest: 'user-engagement/experiment.yaml',
    before: [...both, apply('user-engagement/metrics.yaml'), analytics('current=12', 'candidate=9')],
    outcome: 'RolledBack',
    because: 'user-engagement 9.000 against 12.000 of the baseline, worse',
    serves: 'sample-app-v1',
  },
  {
    name: 'hybrid',
    manifest: 'hybrid/experiment.yaml',
    before: [...both, apply('hybrid/metrics.yaml')],
    outcome: 'Promoted',
    because: 'better: high is preferred',
    serves: 'sample-app-v2',
  },
  {
    name: 'readiness',
    manifest: 'readiness/experiment.yaml',
    before: baseline,
    meanwhile: candidate,
    outcome: 'Promoted',
    because: 'all objectives pass: mean-latency',
    serves: 'sample-app-v2',
  },
  {
    name: 'gitops',
    manifest: 'gitops/experiment.yaml',
    before: [
      createRepository,
      deploy('main'),
      isReady('sample-app-v1'),
      deploy('main', 'experimental-values.yaml'),
      isReady('sample-app-v2'),
    ],
    outcome: 'Promoted',
    because: 'all objectives pass: mean-latency',
    serves: 'sample-app-v2',
    after: async (place) => {
      const branch = 'promote-sample-app-v2';
      expect(await runGit(place, 'log', '--format=%an: %s', `main..${branch}`)).toBe('serin: Promote sample-app-v2\n');
      expect(await runGit(place, 'show', `${branch}:values.yaml`)).toMatch(
        /^name: "sample-app-v2"\nimage: ".*:green"\ntVersion: "green"$/m,
      );
      await deploy(branch)(place);
    },
  },
  {
    name: 'segmentation',
    manifest: 'traffic-segmentation/experiment.yaml',
    before: [() => setTagHeaderRouting('enabled'), ...both],
    headers: { 'Knative-Serving-Tag': 'candidate' },
    outcome: 'Concluded',
    because: 'all objectives pass: mean-latency',
    serves: 'sample-app-v1',
  },
];

async function underLoad<T>({ headers }: Sample, { host }: Place, during: () => Promise<T>) {
  const stop = new AbortController();
  const load = { host, requestsPerSecond: 30, durationMs: 600_000, signal: stop.signal };
  const loads = [load, ...(headers === undefined ? [] : [{ ...load, headers }])].map((one) => sandbox.sendLoad(one));
  try {
    const value = await during();
    stop.abort();
    return { value, loads: await Promise.all(loads) };
  } finally {
    stop.abort();
  }
}

/** Applies the manifest and follows its Experiment to the end. */
async function carryOut({ manifest, meanwhile = [] }: Sample, place: Place): Promise<ExperimentStatus | undefined> {
  const name = await experimentName(manifest);
  const experiments = await experimentsIn(place.namespace);
  await apply(manifest)(place);
  if (meanwhile.length > 0) {
    await until('the start actions', async () => (await experiments.read(name)).status?.stage === 'Initializing');
    for (const step of meanwhile) await step(place);
  }
  return (await experiments.untilCondition(name, 'Completed')).status;
}

async function serves({ namespace }: Place, revision: string): Promise<void> {
  expect(await servedTraffic({ namespace, name: 'sample-app' })).toEqual({ [revision]: 100 });
}

describe.concurrent('samples', { timeout: 480_000 }, () => {
  test.each(samples)('$name: $manifest ends $outcome, no request is lost, $serves has the traffic', async (sample) => {
    const place = await createPlace(sample.name);
    for (const step of sample.before) await step(place);
    const { value: status, loads } = await underLoad(sample, place, () => carryOut(sample, place));
    const { outcome, reason } = status?.serin ?? {};
    expect({ stage: status?.stage, outcome, reason }).toEqual({
      stage: 'Completed',
      outcome: sample.outcome,
      reason: expect.stringContaining(sample.because),
    });
    const failed = findCondition(status?.conditions ?? [], 'Failed');
    if (sample.outcome === 'Failed') expect(failed?.reason).toBe(sample.failure);
    for (const { total, byStatus } of loads) expect(byStatus).toEqual({ 200: total });
    await serves(place, sample.serves);
    if (sample.after === undefined) return;
    await sample.after(place);
    await isReady(sample.serves)(place);
    await serves(place, sample.serves);
  });
});
