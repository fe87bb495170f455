import { describe, expect, test } from 'vitest';
import { planAnnotation } from '../../core/traffic/target.ts';
import type { SampleTarget } from '../../sandbox/index.ts';
import { abortSignal } from '../../contract/messages.ts';
import { startApiProxy, trafficWrite } from '../support/api-proxy.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, readKsvc, servedTraffic, underLoad } from '../support/scenario.ts';
import type { Scenario, ScenarioEnd } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { startClimb } from './climb.ts';

const namespace = 'frozen-worker';

interface Freeze {
  readonly target: SampleTarget;
  readonly end: ScenarioEnd;
  /** The answer of the API server to the write that was on its way all the time. */
  readonly lateStatus: number;
}

/**
 * Freezes a worker while its write of 20 % is on the way, lets another one end the experiment, and only then lets the
 * write arrive and the worker wake, until it has drained.
 */
async function freezeInWrite(name: string, endOtherwise: (scenario: Scenario) => Promise<void>): Promise<Freeze> {
  const { sandbox } = await testCluster();
  const target = await deployTarget({ name, namespace });
  const proxy = await startApiProxy(sandbox, name);
  const env = { SERIN_KUBECONFIG: proxy.kubeconfig, SERIN_SHUTDOWN_GRACE: '1s' };
  const worker = await startWorkerProcess(sandbox, { name, taskQueue: name, env });
  const write = proxy.hold(trafficWrite(target, 20));
  const { value: end } = await underLoad(target, async () => {
    const scenario = await startClimb(target, { rollbackOnFailure: true, iterations: 60 });
    await write.arrived;
    worker.signal('SIGSTOP');
    await startWorkerProcess(sandbox, { name: `${name}-other`, taskQueue: name });
    await endOtherwise(scenario);
    return scenario.end();
  });
  const lateStatus = await write.letGo();
  worker.signal('SIGCONT');
  worker.signal('SIGTERM');
  await worker.exited;
  return { target, end, lateStatus };
}

async function lastPlan(target: SampleTarget): Promise<string | undefined> {
  return (await readKsvc(target)).metadata.annotations[planAnnotation];
}

describe.concurrent('a worker that was frozen during a traffic write', { timeout: 600_000 }, () => {
  test('cannot overwrite the abort that another one carried out', async () => {
    const { target, end, lateStatus } = await freezeInWrite('frozen-abort', ({ handle }) => handle.signal(abortSignal));
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Aborted', weights: { candidates: [0] } } });
    expect(lateStatus).toBe(409);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    // 10 %, the frozen 20 %, and the baseline.
    expect(await lastPlan(target)).toBe(`${end.report.firstRunId}/3`);
  });

  test('cannot overwrite the roll back that another one carried out', async () => {
    const { sandbox } = await testCluster();
    const { target, end, lateStatus } = await freezeInWrite('frozen-rollback', async (frozen) => {
      await sandbox.setFaults({ namespace, revision: frozen.target.candidateRevision }, [
        { kind: 'errors', rate: 0.5 },
      ]);
    });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack', weights: { candidates: [0] } } });
    expect(lateStatus).toBe(409);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  });
});
