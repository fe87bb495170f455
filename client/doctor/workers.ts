import { formatDeploymentVersion, isSameVersion, readListedVersion } from '../../temporal/deployment-version.ts';
import type { DeploymentVersion } from '../../temporal/deployment-version.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { distinctVersions, findMissingWorker, readTaskQueue } from '../temporal/task-queue.ts';
import type { TaskQueue } from '../temporal/task-queue.ts';
import { runningOnQueue } from '../temporal/visibility.ts';
import { failFinding, okFinding } from './finding.ts';
import type { Finding } from './finding.ts';

/** A running experiment, and the version that it is pinned to. */
export interface VersionedRun {
  readonly workflowId: string;
  /** Undefined for one that no worker with a version has taken up. */
  readonly version: DeploymentVersion | undefined;
}

/** Checks whether workers take new experiments, and which versions still have running ones. */
export async function checkWorkers(session: TemporalService, taskQueue: string): Promise<readonly Finding[]> {
  const [queue, running] = await Promise.all([readTaskQueue(session, taskQueue), runningOnQueue(session, taskQueue)]);
  const runs = running.map((run) => ({ workflowId: run.workflowId, version: readListedVersion(run) }));
  return workerFindings(queue, runs);
}

/** What the workers of a task queue and its running experiments say; nothing of versions where there are none. */
export function workerFindings(queue: TaskQueue, runs: readonly VersionedRun[]): readonly Finding[] {
  const { name, current, ramping, polledBy } = queue;
  const missing = findMissingWorker(queue);
  const known = distinctVersions([current, ramping?.version, ...polledBy, ...runs.map(({ version }) => version)]);
  const versions = known.filter((version) => version !== undefined);
  return [
    ...(missing === undefined ? [okFinding(`workers poll the task queue ${name}`)] : []),
    // Where a version is current, its own line says that its workers are missing.
    ...(missing !== undefined && current === undefined ? [failFinding(missing.what, missing.remedy)] : []),
    ...versions.map((version) => versionFinding(version, queue, runs)),
    ...waitingFindings(queue, runs),
  ];
}

function versionFinding(version: DeploymentVersion, queue: TaskQueue, runs: readonly VersionedRun[]): Finding {
  const own = runs.filter((run) => isSameVersion(run.version, version));
  const what = `${formatDeploymentVersion(version)} ${describeRole(version, queue)}`;
  const isPolled = queue.polledBy.some((polling) => isSameVersion(polling, version));
  if (isPolled) return okFinding(`${what}; ${describeRuns(own)}`);
  const remedy = 'run its workers again, or move what is left on it: docs/upgrade.md';
  return failFinding(`${what}, and no worker of it polls; ${describeRuns(own)}`, remedy);
}

function describeRole(version: DeploymentVersion, { current, ramping }: TaskQueue): string {
  if (isSameVersion(version, current)) return 'is current';
  if (isSameVersion(version, ramping?.version)) return `gets ${ramping?.percent} % of the new experiments`;
  return 'gets no new experiments';
}

/** Experiments that were begun before there were versions, or that have just been started. */
function waitingFindings({ current }: TaskQueue, runs: readonly VersionedRun[]): readonly Finding[] {
  const waiting = runs.filter(({ version }) => version === undefined);
  if (current === undefined || waiting.length === 0) return [];
  return [okFinding(`no version yet, until the current one takes them up: ${listRuns(waiting)}`)];
}

/** As many workflow ids as one line bears. */
const mostNamed = 3;

function describeRuns(runs: readonly VersionedRun[]): string {
  if (runs.length === 0) return 'none runs on it';
  return `${runs.length} ${runs.length === 1 ? 'runs' : 'run'} on it: ${listRuns(runs)}`;
}

function listRuns(runs: readonly VersionedRun[]): string {
  const names = runs.slice(0, mostNamed).map(({ workflowId }) => workflowId);
  const others = runs.length > mostNamed ? ` and ${runs.length - mostNamed} more` : '';
  return `${names.join(', ')}${others}`;
}
