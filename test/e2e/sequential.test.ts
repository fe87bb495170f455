import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { SampleTarget } from '../../sandbox/index.ts';
import type { JudgedReport, Report } from '../../core/report/report.ts';
import { abortSignal } from '../../contract/messages.ts';
import type { Observation } from '../../contract/observation.ts';
import { runSerin } from '../client/serin-environment.ts';
import { testCluster } from '../support/cluster.ts';
import { climb, manifestFor, oneStep } from '../support/manifest.ts';
import { readObservations } from '../support/history.ts';
import { deployTarget, servedTraffic, setCandidateFaults, startExperiment, underLoad } from '../support/scenario.ts';
import type { Scenario, ScenarioOptions } from '../support/scenario.ts';

const seedManifest = fileURLToPath(new URL('../formats/manifests/seed.yaml', import.meta.url));
const namespace = 'sequential';
const errorRate = [{ metric: 'error-rate', upperLimit: '0.01' }];

function sequential(
  options: ScenarioOptions & { readonly annotations?: Readonly<Record<string, string>> } = {},
): ScenarioOptions {
  return {
    weights: climb,
    ...options,
    annotations: { analysis: 'sequential', 'min-samples': '1', ...options.annotations },
  };
}

describe.concurrent('the sequential analysis', () => {
  test('at 2 requests a second does not promote a candidate with 1.5 % errors, and says what it still needs', async () => {
    const target = await deployTarget({ name: 'scarce', namespace });
    await setCandidateFaults(target, { kind: 'errors', rate: 0.015, seed: 4 });
    const run = async () => {
      // Confirmations between the intervals would add requests, as many as the machine is slow, and with them errors.
      const options = sequential({ iterations: 10, weights: oneStep, annotations: { undecided: 'rollback' } });
      return (await startExperiment(target, options)).end();
    };
    const { value: end } = await underLoad(target, run, 2);
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack', completedIterations: 10 } });
    expect(end.report.reason).toMatch(/^undecided: /);
    const { objectives = [] } = end.report.judged[0]?.assessment ?? {};
    expect(objectives.find(({ objective }) => objective.metric === 'error-rate')?.reason).toMatch(
      /evidence for it .*; needs about \d+ more requests/,
    );
  });

  test('at 20 requests a second promotes a good candidate, extending the run as far as that needs', async () => {
    const target = await deployTarget({ name: 'steady', namespace });
    const run = async () => {
      const annotations = { 'longest-extension': '2m', dispersion: 'off' };
      const weights = { maxCandidateWeightIncrement: 40 };
      const options = sequential({ iterations: 3, weights, annotations });
      const scenario = await startExperiment(target, options);
      const end = await scenario.end();
      return { handle: scenario.handle, end, planned: await planNow(target, options) };
    };
    const { value } = await underLoad(target, run, 20);
    const { handle, end, planned } = value;
    expect(planned.requestsPerSecond).toBeGreaterThan(10);
    expect(planned.requestsPerSecond).toBeLessThan(30);
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
    expect(end.report.reason).toMatch(
      /error-rate 0\.000 \[0, 0\.0\d+\], limit 0\.010 \+50 %, \d+ requests, evidence for it \d+:1/,
    );
    expect(end.report.history.length).toBeGreaterThan(3);
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    const observations = await readObservations(handle);
    for (const { measurement } of observations) {
      if (measurement.kind !== 'measured') continue;
      const { baseline, candidates, asked = [] } = measurement;
      expect(Math.max(...[baseline, ...candidates].map((one) => JSON.stringify(one).length))).toBeLessThan(2048);
      expect(asked[0]?.query).toContain('revision_app_request_latencies_bucket');
    }
    const { sandbox } = await testCluster();
    const address = ['--address', sandbox.temporal.address];
    // Scrapes that are late leave an interval of a second blind, or without requests.
    const iteration = 1 + observations.findIndex(hasRequests);
    const explained = await runSerin(['explain', handle.workflowId, '--iteration', String(iteration), ...address]);
    expect(explained.stdout).toMatch(
      new RegExp(`^Interval ${iteration} of \\d+, observed at .*, candidate at \\d+ %$`, 'm'),
    );
    expect(explained.stdout).toMatch(/revision_app_request_latencies_bucket.*\n +at .*: \d+ series, \d+ samples/);
    expect(explained.stdout).toMatch(/^error-rate <= 0\.010: (pass|undecided), error-rate 0\.000/m);
    const backtest = await runSerin(['backtest', handle.workflowId, '-f', seedManifest, ...address]);
    expect(backtest.stdout).toMatch(/of 1 decisions would have changed/);
  });

  test('takes 1 error of 3 requests for undecided, and 1 of 3,000 for a pass', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'counted', namespace });
    const host = `candidate-${target.host}`;
    const scenario = await startExperiment(target, sequential({ iterations: 1000, objectives: errorRate }));
    await scenario.untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined);
    await setCandidateFaults(target, { kind: 'errors', rate: 1 });
    expect((await sandbox.get({ host })).status).toBe(500);
    await setCandidateFaults(target);
    for (const _ of [1, 2]) expect((await sandbox.get({ host })).status).toBe(200);
    expect(await verdictAt(scenario, 3)).toBe('undecided');
    const load = await sandbox.sendLoad({ host, requestsPerSecond: 300, durationMs: 10_000, connections: 8 });
    expect(load.byStatus).toEqual({ 200: load.total });
    expect(await verdictAt(scenario, 3 + load.total)).toBe('pass');
    await scenario.handle.signal(abortSignal);
    await scenario.end();
  });

  test('calls it the environment when both versions fail, and holds the weight', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'outage', namespace });
    const failing = [{ kind: 'errors', rate: 1 }] as const;
    const { value: report } = await underLoad(
      target,
      async () => {
        const scenario = await startExperiment(target, sequential({ iterations: 1000, objectives: errorRate }));
        await scenario.untilReport('20 %', ({ weights }) => (weights.candidates[0] ?? 0) >= 20);
        await sandbox.setFaults({ namespace, revision: target.baselineRevision }, failing);
        // An observation in between would see errors of the candidate alone.
        await scenario.untilReport('errors of the baseline', ({ judged }) => baselineVerdict(judged[0]) === 'fail');
        await setCandidateFaults(target, ...failing);
        const held = await scenario.untilReport('the environment', ({ weightReason = '' }) => {
          return weightReason.startsWith('environment: baseline and candidate fail together');
        });
        const heldAtMs = held.history.at(-1)?.atMs ?? 0;
        const later = await scenario.untilReport(
          'more intervals',
          ({ history }) => history.filter(({ atMs }) => atMs > heldAtMs).length > 2,
        );
        expect(later.weights.candidates[0]).toBe(held.weights.candidates[0]);
        expect(later.completedIterations).toBe(held.completedIterations);
        await scenario.handle.signal(abortSignal);
        return (await scenario.end()).report;
      },
      60,
    );
    expect(report.outcome).toBe('Aborted');
  });

  test('at 200 requests a second rolls a candidate that turns bad in iteration 7 back by iteration 8', async () => {
    const target = await deployTarget({ name: 'turning', namespace });
    const { value } = await underLoad(
      target,
      async () => {
        const options = sequential({ iterations: 60, intervalSeconds: 8, objectives: errorRate });
        const scenario = await startExperiment(target, options);
        const six = ({ completedIterations }: Report) => completedIterations >= 6;
        const { completedIterations } = await scenario.untilReport('six iterations', six, 300_000);
        await setCandidateFaults(target, { kind: 'errors', rate: 0.05 });
        return { good: completedIterations, end: await scenario.end() };
      },
      200,
    );
    const { good, end } = value;
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack' } });
    expect(end.report.reason).toMatch(/^failed: error-rate .*evidence against it \S+:1/);
    // It turned bad in the iteration after the last good one.
    expect(end.report.completedIterations).toBeLessThanOrEqual(good + 2);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  }, 480_000);
});

/** What all objectives say together, once so many requests of the candidate have been measured. */
async function verdictAt({ untilReport }: Scenario, requests: number): Promise<string | undefined> {
  const { judged } = await untilReport(`${requests} requests`, ({ judged: [candidate] }) => {
    return (candidate?.assessment?.samples.candidate ?? 0) >= requests;
  });
  return judged[0]?.assessment?.overall?.verdict;
}

/** Whether requests of the candidate were seen in the interval. */
function hasRequests({ measurement }: Observation): boolean {
  return measurement.kind === 'measured' && measurement.candidates.some(({ requests }) => requests > 0);
}

/** What the first objective says of the baseline. */
function baselineVerdict(candidate: JudgedReport | undefined): string | undefined {
  return candidate?.assessment?.objectives[0]?.baseline;
}

/** What `serin plan` answers from the traffic that Prometheus sees. */
async function planNow(target: SampleTarget, options: ScenarioOptions): Promise<{ requestsPerSecond?: number }> {
  const { sandbox } = await testCluster();
  const prometheus = ['--prometheus', sandbox.prometheus.url, '--scrape-interval', '1'];
  const input = JSON.stringify(manifestFor(target, options));
  const { stdout } = await runSerin(['plan', '-f', '-', ...prometheus, '-o', 'json'], { input });
  return JSON.parse(stdout) as { requestsPerSecond?: number };
}
