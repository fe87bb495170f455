import { ApplicationFailure, CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { Fault, LoadResult, SampleRequest, SampleTarget } from '../../sandbox/index.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { Report } from '../../core/report/report.ts';
import type { TrafficEntry } from '../../core/traffic/target.ts';
import { queryStatus } from '../../temporal/query-status.ts';
import { testCluster } from './cluster.ts';
import { manifestFor } from './manifest.ts';
import type { ManifestChanges } from './manifest.ts';
import { until } from './until.ts';
import { workflowType } from '../../contract/names.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';

/** How an experiment ended: its workflow's status, its failure's type and message where it failed, and its last report. */
export interface ScenarioEnd {
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly type?: string;
  readonly message?: string;
  readonly report: Report;
}

/** An experiment on a target of its own, running in the shared cluster. */
export interface Scenario {
  readonly target: SampleTarget;
  readonly handle: WorkflowHandle;
  /** Waits until the report fulfils the condition; fails when the experiment ends before that. */
  readonly untilReport: (what: string, holds: (report: Report) => boolean, limitMs?: number) => Promise<Report>;
  readonly end: () => Promise<ScenarioEnd>;
}

export interface ScenarioOptions extends ManifestChanges {
  /** Default: the shared worker's. */
  readonly taskQueue?: string;
  readonly workflowId?: string;
}

let experiments = 0;

/** Deploys a target: baseline at 100 %, candidate at 0 %, both ready. Names must be unique in the whole test run. */
export async function deployTarget(request: SampleRequest): Promise<SampleTarget> {
  const { sandbox } = await testCluster();
  return sandbox.deploySample(request);
}

/** Replaces the faults of the target's candidate; none puts it right. */
export async function setCandidateFaults(target: SampleTarget, ...faults: readonly Fault[]): Promise<void> {
  const { sandbox } = await testCluster();
  await sandbox.setFaults({ namespace: target.namespace, revision: target.candidateRevision }, faults);
}

/** Starts an experiment on the target. */
export async function startExperiment(target: SampleTarget, options: ScenarioOptions = {}): Promise<Scenario> {
  const { client, taskQueue: shared } = await testCluster();
  const { taskQueue = shared, workflowId, ...changes } = options;
  experiments += 1;
  const handle = await client.workflow.start<ExperimentWorkflow>(workflowType, {
    taskQueue,
    workflowId: workflowId ?? `experiment/${target.namespace}/${target.name}/${experiments}`,
    args: [manifestFor(target, changes)],
  });
  return observeScenario(target, handle);
}

export function observeScenario(target: SampleTarget, handle: WorkflowHandle): Scenario {
  return {
    target,
    handle,
    untilReport: (what, holds, limitMs = 120_000) => {
      const check = async (): Promise<Report | undefined> => {
        const report = await queryStatus(handle);
        if (holds(report)) return report;
        const { outcome, reason } = report;
        if (outcome !== undefined) throw new Error(`the experiment ended ${outcome} before ${what}: ${reason ?? ''}`);
        return undefined;
      };
      return until(what, check, { limitMs });
    },
    end: () => awaitEnd(handle),
  };
}

async function awaitEnd(handle: WorkflowHandle): Promise<ScenarioEnd> {
  const error: unknown = await handle.result().then(
    () => undefined,
    (caught: unknown) => caught,
  );
  const report = await queryStatus(handle);
  if (error === undefined) return { status: 'completed', report };
  if (!(error instanceof WorkflowFailedError)) throw error;
  if (error.cause instanceof CancelledFailure) return { status: 'cancelled', report };
  if (!(error.cause instanceof ApplicationFailure)) throw error;
  return { status: 'failed', type: error.cause.type ?? '', message: error.cause.message, report };
}

/** Sends requests to the target while `during` runs, from the first answers on, and returns what came back. */
export async function underLoad<T>(
  target: Pick<SampleTarget, 'host' | 'namespace' | 'name'>,
  during: () => Promise<T>,
  requestsPerSecond = 50,
): Promise<{ readonly value: T; readonly load: LoadResult }> {
  const { sandbox } = await testCluster();
  const stop = new AbortController();
  const load = sandbox.sendLoad({
    host: target.host,
    requestsPerSecond,
    // It ends with `during`, however long that takes: a benchmark is long.
    durationMs: 4 * 3_600_000,
    signal: stop.signal,
  });
  try {
    await until(`requests to ${target.host}`, () => hasRequests(target));
    const value = await during();
    stop.abort();
    return { value, load: await load };
  } finally {
    stop.abort();
  }
}

/** Whether the target has answered requests, by what Prometheus scrapes. */
async function hasRequests({ namespace, name }: ObjectName): Promise<boolean> {
  const { sandbox } = await testCluster();
  const exposition = await (await fetch(sandbox.gateway.metricsUrl)).text();
  const isCount = (line: string): boolean => line.startsWith('revision_app_request_count{');
  const isOfTarget = (line: string): boolean =>
    line.includes(`namespace_name="${namespace}"`) && line.includes(`service_name="${name}"`);
  return exposition.split('\n').some((line) => isCount(line) && isOfTarget(line));
}

interface KsvcView {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>>; readonly generation: number };
  readonly spec: { readonly traffic?: readonly TrafficEntry[] };
  readonly status: {
    readonly traffic: readonly TrafficEntry[];
    readonly latestReadyRevisionName: string;
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

/** The target's Knative Service, as the API server has it now. */
export async function readKsvc({ namespace, name }: ObjectName): Promise<KsvcView> {
  const { sandbox } = await testCluster();
  return JSON.parse(await sandbox.kubectl('get', 'ksvc', name, '-n', namespace, '-o', 'json')) as KsvcView;
}

/** Percents by revision in `status.traffic`; revisions without traffic are left out. */
export async function servedTraffic(target: ObjectName): Promise<Readonly<Record<string, number>>> {
  const { status } = await readKsvc(target);
  const shares: Record<string, number> = {};
  for (const { revisionName = '', percent = 0 } of status.traffic) {
    if (percent > 0) shares[revisionName] = (shares[revisionName] ?? 0) + percent;
  }
  return shares;
}

/** Waits until the revision has all the traffic. */
export async function untilServes(target: ObjectName, revision: string): Promise<void> {
  await until(`all traffic on ${revision}`, async () => (await servedTraffic(target))[revision] === 100);
}

/** Helm's revisions of the target's release, oldest first. */
export async function helmHistory({
  namespace,
  name,
}: SampleTarget): Promise<readonly { readonly revision: number; readonly status: string }[]> {
  const { sandbox } = await testCluster();
  return JSON.parse(await sandbox.helm('history', name, '-n', namespace, '-o', 'json')) as {
    revision: number;
    status: string;
  }[];
}
