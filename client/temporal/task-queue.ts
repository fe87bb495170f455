import { asDeploymentVersion, formatDeploymentVersion, isSameVersion } from '../../temporal/deployment-version.ts';
import type { DeploymentVersion } from '../../temporal/deployment-version.ts';
import type { TemporalService } from '../../temporal/settings.ts';

/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's API. */
const workflowTaskQueue = 1;

/** `WORKER_VERSIONING_MODE_VERSIONED` of Temporal's API. */
const versioned = 2;

/** Who works on a task queue, as far as Temporal says. An undefined version stands for workers without one. */
export interface TaskQueue {
  readonly name: string;
  /** The version on which new experiments begin. */
  readonly current: DeploymentVersion | undefined;
  /** The version on which a share of the new experiments begins. */
  readonly ramping?: { readonly version: DeploymentVersion | undefined; readonly percent: number };
  /** The versions whose workers have polled within the last minutes. */
  readonly polledBy: readonly (DeploymentVersion | undefined)[];
}

export async function readTaskQueue({ client, namespace }: TemporalService, name: string): Promise<TaskQueue> {
  const { pollers, versioningInfo } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name },
    taskQueueType: workflowTaskQueue,
  });
  const { currentDeploymentVersion, rampingDeploymentVersion, rampingVersionPercentage } = versioningInfo ?? {};
  const percent = rampingVersionPercentage ?? 0;
  const polledBy = (pollers ?? []).map(({ deploymentOptions: options }) =>
    options?.workerVersioningMode === versioned ? asDeploymentVersion(options) : undefined,
  );
  return {
    name,
    current: asDeploymentVersion(currentDeploymentVersion),
    ...(percent > 0 ? { ramping: { version: asDeploymentVersion(rampingDeploymentVersion), percent } } : {}),
    polledBy: distinctVersions(polledBy),
  };
}

/** Each version once. */
export function distinctVersions(
  versions: readonly (DeploymentVersion | undefined)[],
): readonly (DeploymentVersion | undefined)[] {
  return versions.filter((version, index) => versions.findIndex((other) => isSameVersion(other, version)) === index);
}

/** Why new experiments on the queue wait, and the remedy; undefined where a worker takes them. */
export function findMissingWorker({ name, current, polledBy }: TaskQueue): Shortage | undefined {
  if (polledBy.some((version) => isSameVersion(version, current))) return undefined;
  if (current !== undefined) {
    const what = `no worker of ${formatDeploymentVersion(current)}, which is current, polls the task queue ${name}`;
    return { what, remedy: 'start its workers, or make another version current: docs/upgrade.md' };
  }
  const [waiting] = polledBy;
  if (waiting === undefined) {
    return {
      what: `no worker polls the task queue ${name}`,
      remedy: 'start one (docs/operations.md), or set --task-queue',
    };
  }
  const what = `workers of ${formatDeploymentVersion(waiting)} poll the task queue ${name}, but no version is current`;
  return { what, remedy: setCurrentCommand(waiting) };
}

/** What keeps new experiments from beginning. */
export interface Shortage {
  readonly what: string;
  readonly remedy: string;
}

/** The command that makes a version current. */
function setCurrentCommand({ deploymentName, buildId }: DeploymentVersion): string {
  return `temporal worker deployment set-current-version --deployment-name ${deploymentName} --build-id ${buildId}`;
}
