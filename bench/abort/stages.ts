import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { Sandbox } from '../../sandbox/index.ts';
import { startApiProxy, trafficWrite } from '../../test/support/api-proxy.ts';
import { startHttpGate } from '../../test/support/http-gate.ts';
import type { Scenario, ScenarioOptions } from '../../test/support/scenario.ts';
import { until } from '../../test/support/until.ts';
import { startWorkerProcess } from '../../test/support/worker-process.ts';

/** Where an experiment is when it is aborted, and what is wrong then. */
export interface Stage {
  readonly name: string;
  readonly options: ScenarioOptions;
  /** Brings the experiment there. */
  readonly reach: (scenario: Scenario) => Promise<unknown>;
  /** Ends what is wrong. */
  readonly leave?: () => void;
}

/** Ends after its first interval with requests. */
const short: ScenarioOptions = { iterations: 1, objectives: [], annotations: { 'min-samples': '1' } };

const firstStep = ({ untilReport }: Scenario) =>
  untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined);

/** The stages that need nothing of their own. */
const plainStages: readonly Stage[] = [
  { name: 'running, early', options: { iterations: 100 }, reach: firstStep },
  {
    name: 'running, late',
    options: { iterations: 100 },
    reach: ({ untilReport }) => untilReport('the fifth step', ({ completedIterations }) => completedIterations >= 5),
  },
  {
    name: 'during a shift',
    options: { iterations: 100, weights: { maxCandidateWeightIncrement: 3 } },
    reach: async ({ handle, untilReport }) => {
      await untilReport('the second step', ({ completedIterations }) => completedIterations >= 1);
      await untilPending(handle, 'patchTraffic');
    },
  },
  {
    name: 'paused',
    options: { iterations: 100 },
    reach: async (scenario) => {
      await firstStep(scenario);
      await scenario.handle.signal('pause');
      await scenario.untilReport('the pause', ({ paused }) => paused !== undefined);
    },
  },
  {
    name: 'at the gate',
    options: { ...short, annotations: { ...short.annotations, approval: 'required' } },
    reach: ({ untilReport }) => untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined),
  },
];

/** All stages; those that need a worker of their own have it. */
export async function prepareStages(sandbox: Sandbox): Promise<readonly Stage[]> {
  return [...plainStages, await duringHelm(sandbox), await withHangingMetrics(sandbox), await withConflicts(sandbox)];
}

/** A helm that takes its time before an upgrade. */
async function duringHelm(sandbox: Sandbox): Promise<Stage> {
  const taskQueue = 'slow-helm';
  const path = join(sandbox.stateDirectory, taskQueue);
  const wait = 'case " $* " in *" --dry-run"*) ;; " upgrade "*) sleep 60 ;; esac';
  await writeFile(path, `#!/bin/sh\n${wait}\nexec ${sandbox.tools.helm} "$@"\n`);
  await chmod(path, 0o755);
  await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env: { SERIN_HELM_PATH: path } });
  return {
    name: 'during helm',
    options: { ...short, taskQueue },
    reach: ({ handle }) => untilPending(handle, 'runHelm'),
  };
}

/** Prometheus takes a question and does not answer it. */
async function withHangingMetrics(sandbox: Sandbox): Promise<Stage> {
  const taskQueue = 'hanging-metrics';
  const gate = await startHttpGate(sandbox.prometheus.url);
  await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env: { SERIN_PROMETHEUS_URL: gate.url } });
  return {
    name: 'metrics hang',
    options: { iterations: 100, taskQueue },
    reach: async (scenario) => {
      await firstStep(scenario);
      gate.set({ kind: 'hang' });
      await untilPending(scenario.handle, 'queryMetrics');
    },
    leave: () => gate.set({ kind: 'pass' }),
  };
}

/** Somebody else is always faster: the first three writes of the baseline are refused as conflicts. */
async function withConflicts(sandbox: Sandbox): Promise<Stage> {
  const taskQueue = 'api-conflicts';
  const proxy = await startApiProxy(sandbox, taskQueue);
  await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env: { SERIN_KUBECONFIG: proxy.kubeconfig } });
  return {
    name: 'API conflicts',
    options: { iterations: 100, taskQueue },
    reach: async (scenario) => {
      await firstStep(scenario);
      proxy.interfere(trafficWrite(scenario.target, 0), { kind: 'status', status: 409, times: 3 });
    },
  };
}

async function untilPending(handle: WorkflowHandle, activityType: string): Promise<void> {
  const isPending = async (): Promise<boolean> => {
    const { raw } = await handle.describe();
    return raw.pendingActivities?.some((activity) => activity.activityType?.name === activityType) === true;
  };
  await until(`a pending ${activityType}`, isPending, { pollMs: 20 });
}
