import { Client, Connection } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { startSandbox } from '../../sandbox/index.ts';
import type { Fault } from '../../sandbox/index.ts';
import { activitiesAfterVerdict, scheduledActivities, helmArguments, plannedWeights } from '../support/history.ts';
import { climb, manifestFor } from '../support/manifest.ts';
import {
  deployTarget,
  helmHistory,
  observeScenario,
  readKsvc,
  servedTraffic,
  setCandidateFaults,
  startExperiment,
  underLoad,
} from '../support/scenario.ts';
import type { ScenarioOptions } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { workflowType } from '../../contract/names.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';

const namespace = 'rollback';

/** Runs an experiment with a candidate that is bad from the start. */
async function runBadCandidate(name: string, fault: Fault, options: ScenarioOptions = {}) {
  const target = await deployTarget({ name, namespace });
  await setCandidateFaults(target, fault);
  const { value } = await underLoad(target, async () => {
    const scenario = await startExperiment(target, { iterations: 60, rollbackOnFailure: true, ...options });
    return { ...scenario, ended: await scenario.end() };
  });
  return value;
}

describe.concurrent('a bad candidate', () => {
  test.each([
    ['errors', { kind: 'errors', rate: 0.5 }, /^failed: .*error-rate 0\.\d+ > limit 0\.01\d*, \d+ requests$/, {}],
    [
      'latency',
      { kind: 'latency', addedMs: 300 },
      /^failed: mean-latency [2-9]\d\d\.\d ms > limit 50\.0 ms, \d+ requests/,
      {},
    ],
    // Few requests are answered: each of Fortio's connections waits for its time limit.
    [
      'hang',
      { kind: 'hang' },
      /error-rate 1\.0+ > limit 0\.010, \d+ requests$/,
      { annotations: { 'min-samples': '5' } },
    ],
  ] as const)(
    'that shows %s is rolled back: first the traffic, then the release, and the tags stay (T9)',
    async (name, fault, reason, options) => {
      const { target, handle, ended } = await runBadCandidate(name, fault, options);
      expect(ended).toMatchObject({
        status: 'completed',
        report: { outcome: 'RolledBack', weights: { candidates: [0] } },
      });
      expect(ended.report.reason).toMatch(reason);
      expect(ended.report.completedIterations).toBeLessThan(60);
      const after = await activitiesAfterVerdict(handle);
      expect(after.map((activity) => activity.name)).toEqual([
        'patchTraffic',
        'compareRendered',
        'runHelm',
        'verifyTarget',
        'patchTraffic',
        'releaseTarget',
      ]);
      expect(plannedWeights(after)).toEqual([0, 0]);
      expect(helmArguments(after)).toEqual([
        ['upgrade', '--install', target.name, target.chartUrl, `--values=${target.valuesUrls.baseline}`],
      ]);
      expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
      const { traffic } = (await readKsvc(target)).status;
      expect(traffic.map(({ tag }) => tag).filter(Boolean)).toEqual(['current', 'candidate']);
      expect((await helmHistory(target)).map(({ status }) => status)).toEqual(['superseded', 'superseded', 'deployed']);
    },
  );

  test('without rollback_on_failure drops to 5 %, and is promoted when it recovers', async () => {
    const target = await deployTarget({ name: 'recovers', namespace });
    await setCandidateFaults(target, { kind: 'errors', rate: 1 });
    const { value } = await underLoad(
      target,
      async () => {
        const scenario = await startExperiment(target, {
          iterations: 15,
          weights: { maxCandidateWeight: 15, maxCandidateWeightIncrement: 10 },
          // A few good requests outweigh the bad ones.
          objectives: [{ metric: 'error-rate', upperLimit: '0.9' }],
          // The weight is held while the errors are too few for a verdict.
          annotations: { tolerance: '0' },
        });
        await scenario.untilReport('the drop to 5 %', ({ weights }) => (weights.candidates[0] ?? 0) === 5);
        await setCandidateFaults(target);
        return { handle: scenario.handle, end: await scenario.end() };
      },
      100,
    );
    expect(value.end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted', completedIterations: 15 } });
    // Ten is the first step; at the end the promotion, before and after the finish actions.
    expect(plannedWeights(await scheduledActivities(value.handle))).toEqual([10, 5, 15, 100, 100]);
    const drop = value.end.report.history.find(({ weightsAfter }) => weightsAfter[0] === 5);
    expect(drop?.reason).toMatch(/^drops 10 -> 5: failed: error-rate 1\.0+ > limit 0\.9\d*, \d+ requests/);
  });

  test('without rollback_on_failure keeps a first step below 5 %, and is rolled back when it is bad at the end', async () => {
    const { target, handle, ended } = await runBadCandidate(
      'stays-bad',
      { kind: 'errors', rate: 1 },
      {
        iterations: 8,
        rollbackOnFailure: false,
        weights: { maxCandidateWeightIncrement: 4 },
        annotations: { 'min-samples': '1' },
      },
    );
    expect(ended).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack', completedIterations: 8 } });
    expect(ended.report.reason).toMatch(/^failed: .*error-rate 1\.0+ > limit 0\.010, \d+ requests$/);
    // The first step, the roll back, and the same after the finish actions.
    expect(plannedWeights(await scheduledActivities(handle))).toEqual([4, 0, 0]);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  });
});

test.concurrent('a target without any request is never promoted, and the reason is not the candidate', async () => {
  const target = await deployTarget({ name: 'idle', namespace });
  const annotations = { 'blind-limit': '5s' };
  const { end } = await startExperiment(target, { iterations: 3, weights: climb, annotations });
  const { status, report } = await end();
  expect({ status, ...report }).toMatchObject({ status: 'completed', outcome: 'RolledBack', completedIterations: 0 });
  expect(report.reason).toMatch(
    /^blind for longer than 5 s: Prometheus has no request metrics of idle-v1 and idle-v2 /,
  );
  expect(report.warnings).toContainEqual(
    expect.stringMatching(/^Prometheus has no request metrics .* while this lasts$/),
  );
  expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
});

test("a bad candidate is found by the metrics of Knative's OpenTelemetry generation too", async () => {
  const sandbox = await startSandbox({ scrapeIntervalMs: 500, metrics: 'opentelemetry' });
  try {
    await startWorkerProcess(sandbox, { name: 'worker', taskQueue: 'serin' });
    const client = new Client({ connection: await Connection.connect({ address: sandbox.temporal.address }) });
    const target = await sandbox.deploySample({ name: 'seconds', namespace });
    await sandbox.setFaults({ namespace, revision: target.candidateRevision }, [{ kind: 'latency', addedMs: 300 }]);
    const stop = new AbortController();
    const load = sandbox.sendLoad({
      host: target.host,
      requestsPerSecond: 50,
      durationMs: 600_000,
      signal: stop.signal,
    });
    const handle = await client.workflow.start<ExperimentWorkflow>(workflowType, {
      taskQueue: 'serin',
      workflowId: 'experiment/seconds',
      args: [manifestFor(target, { iterations: 60, rollbackOnFailure: true })],
    });
    const { report } = await observeScenario(target, handle).end();
    stop.abort();
    await load;
    expect(report.outcome).toBe('RolledBack');
    expect(report.reason).toMatch(/^failed: mean-latency [2-9]\d\d\.\d ms > limit 50\.0 ms, \d+ requests/);
    await client.connection.close();
  } finally {
    await sandbox.stop();
  }
});
