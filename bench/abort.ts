import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import type { Sandbox, SampleTarget } from '../sandbox/index.ts';
import { testCluster } from '../test/support/cluster.ts';
import { deployTarget, startExperiment, underLoad } from '../test/support/scenario.ts';
import type { Scenario, ScenarioOptions } from '../test/support/scenario.ts';
import { until } from '../test/support/until.ts';
import { startWorkerProcess } from '../test/support/worker-process.ts';
import { abortSignal } from '../contract/messages.ts';
import { abortTimes } from './history.ts';
import type { AbortTimes } from './history.ts';
import { quantile } from './quantile.ts';

/**
 * Aborts experiments on the sandbox in every stage in which there is traffic to bring back: how long after the signal is
 * 100 % baseline accepted, and how long until the cluster reports it? One target a stage, all at once. Prints figures;
 * asserts nothing.
 */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '4' } } });
const repetitions = Number(values.rounds);

/** How to bring an experiment to the stage in which it is aborted. */
interface Stage {
  readonly name: string;
  readonly options: ScenarioOptions;
  readonly reached: (scenario: Scenario) => Promise<unknown>;
}

/** Ends after its first interval with requests. */
const short: ScenarioOptions = { iterations: 1, objectives: [], annotations: { 'min-samples': '1' } };
const slowHelmQueue = 'slow-helm';

const stages: readonly Stage[] = [
  {
    name: 'running, early',
    options: { iterations: 100 },
    reached: ({ untilReport }) => untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined),
  },
  {
    name: 'running, late',
    options: { iterations: 100 },
    reached: ({ untilReport }) => untilReport('the fifth step', ({ completedIterations }) => completedIterations >= 5),
  },
  {
    name: 'during a shift',
    options: { iterations: 100, weights: { maxCandidateWeightIncrement: 1 } },
    reached: async ({ handle, untilReport }) => {
      await untilReport('the second step', ({ completedIterations }) => completedIterations >= 1);
      await untilPending(handle, 'patchTraffic');
    },
  },
  {
    name: 'at the gate',
    options: { ...short, annotations: { ...short.annotations, approval: 'required' } },
    reached: ({ untilReport }) => untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined),
  },
  {
    name: 'during helm',
    options: { ...short, taskQueue: slowHelmQueue },
    reached: ({ handle }) => untilPending(handle, 'runHelm'),
  },
];

const { sandbox } = await testCluster();
try {
  await startSlowHelmWorker(sandbox);
  const measured = await Promise.all(stages.map(measure));
  print(measured);
} finally {
  await sandbox.stop();
}
process.exit(0);

interface Measured {
  readonly name: string;
  readonly times: readonly AbortTimes[];
}

async function measure(stage: Stage, index: number): Promise<Measured> {
  const target = await deployTarget({ name: `abort-${index}`, namespace: 'bench' });
  const { value } = await underLoad(target, async () => {
    const times: AbortTimes[] = [];
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      times.push(await abortOnce(target, stage));
      console.error(`${stage.name}: ${repetition} of ${repetitions}`);
    }
    return times;
  });
  return { name: stage.name, times: value };
}

async function abortOnce(target: SampleTarget, { name, options, reached }: Stage): Promise<AbortTimes> {
  const scenario = await startExperiment(target, options);
  await reached(scenario);
  await scenario.handle.signal(abortSignal, { by: 'bench', reason: name });
  const { report } = await scenario.end();
  if (report.outcome !== 'Aborted')
    throw new Error(`${name}: expected an abort, got ${report.outcome}: ${report.reason}`);
  return abortTimes(await scenario.handle.fetchHistory());
}

async function untilPending(handle: WorkflowHandle, activityType: string): Promise<void> {
  const isPending = async (): Promise<boolean> => {
    const { raw } = await handle.describe();
    return raw.pendingActivities?.some((activity) => activity.activityType?.name === activityType) === true;
  };
  await until(`a pending ${activityType}`, isPending, { pollMs: 20 });
}

/** A helm that takes its time before an upgrade, on a worker of its own. */
async function startSlowHelmWorker(on: Sandbox): Promise<void> {
  const path = join(on.stateDirectory, slowHelmQueue);
  const wait = 'case " $* " in *" --dry-run"*) ;; " upgrade "*) sleep 60 ;; esac';
  await writeFile(path, `#!/bin/sh\n${wait}\nexec ${on.tools.helm} "$@"\n`);
  await chmod(path, 0o755);
  await startWorkerProcess(on, { name: slowHelmQueue, taskQueue: slowHelmQueue, env: { SERIN_HELM_PATH: path } });
}

function print(measured: readonly Measured[]): void {
  const all: Measured = { name: 'all', times: measured.flatMap(({ times }) => times) };
  const row = (cells: readonly string[]): string =>
    cells.map((cell, index) => cell.padEnd(index === 0 ? 18 : 12)).join('');
  console.log(row(['milliseconds', 'accepted', '', 'confirmed']));
  console.log(row(['aborted', 'median', 'worst', 'median', 'worst', 'aborts']));
  for (const { name, times } of [...measured, all]) {
    const accepted = ascending(times.map(({ acceptedMs }) => acceptedMs));
    const confirmed = ascending(times.map(({ confirmedMs }) => confirmedMs));
    const figures = [accepted, confirmed].flatMap((delays) => [quantile(delays, 0.5), quantile(delays, 1)]);
    console.log(row([name, ...figures.map((ms) => ms.toFixed(0)), String(times.length)]));
  }
}

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}
