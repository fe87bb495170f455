import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { WorkerDeploymentVersion } from '@temporalio/common';

/** A version of a worker deployment: workers of one code, which keep the experiments that they have begun. */
export type DeploymentVersion = WorkerDeploymentVersion;

/** The variables by which Temporal's worker controller names the version to a worker. */
const variables = { deploymentName: 'TEMPORAL_DEPLOYMENT_NAME', buildId: 'TEMPORAL_WORKER_BUILD_ID' } as const;

/**
 * Reads the version of a worker from Temporal's environment; undefined where it has none. An empty variable counts as absent.
 * Throws where only one of the two variables is there, or where Temporal takes no such name.
 */
export function readDeploymentVersion(
  environment: Readonly<Record<string, string | undefined>>,
): DeploymentVersion | undefined {
  const { deploymentName, buildId } = variables;
  const [name, build] = [environment[deploymentName] ?? '', environment[buildId] ?? ''];
  if (name === '' && build === '') return undefined;
  if (name === '') throw new Error(`${deploymentName}: expected a name beside ${buildId}, got none`);
  if (build === '') throw new Error(`${buildId}: expected a build ID beside ${deploymentName}, got none`);
  // Temporal separates name and build ID by them.
  if (/[.:]/.test(name)) throw new Error(`${deploymentName}: expected a name without "." and ":", got "${name}"`);
  return { deploymentName: name, buildId: build };
}

/** `version 1.4 of serin-system/serin-worker`. */
export function formatDeploymentVersion({ deploymentName, buildId }: DeploymentVersion): string {
  return `version ${buildId} of ${deploymentName}`;
}

/** The search attribute that Temporal keeps of a versioned run. */
const versionAttribute = defineSearchAttributeKey('TemporalWorkerDeploymentVersion', 'KEYWORD');

/** The version that a listed run is on; undefined for one that no worker with a version has taken up. */
export function readListedVersion({
  typedSearchAttributes,
}: Pick<WorkflowExecutionInfo, 'typedSearchAttributes'>): DeploymentVersion | undefined {
  const [, deploymentName, buildId] = /^([^:]+):(.+)$/.exec(typedSearchAttributes.get(versionAttribute) ?? '') ?? [];
  return asDeploymentVersion({ deploymentName, buildId });
}

/** Whether both are the same version, or none. */
export function isSameVersion(a: DeploymentVersion | undefined, b: DeploymentVersion | undefined): boolean {
  return a?.deploymentName === b?.deploymentName && a?.buildId === b?.buildId;
}

/** `VERSIONING_BEHAVIOR_PINNED` of Temporal's API. */
const pinned = 1;

/** The version whose workers alone run the workflow; undefined where any may, or the next that is current. */
export async function readPinnedVersion(
  client: Client,
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string },
): Promise<DeploymentVersion | undefined> {
  const { namespace } = client.options;
  const execution = { workflowId, runId };
  const { workflowExecutionInfo } = await client.workflowService.describeWorkflowExecution({ namespace, execution });
  const { behavior, deploymentVersion, versioningOverride } = workflowExecutionInfo?.versioningInfo ?? {};
  if (versioningOverride?.autoUpgrade === true) return undefined;
  const version = versioningOverride?.pinned?.version ?? (behavior === pinned ? deploymentVersion : undefined);
  return asDeploymentVersion(version);
}

/** A version as Temporal's API has it. */
export function asDeploymentVersion(
  version:
    | { readonly deploymentName?: string | null | undefined; readonly buildId?: string | null | undefined }
    | null
    | undefined,
): DeploymentVersion | undefined {
  const { deploymentName, buildId } = version ?? {};
  return deploymentName && buildId ? { deploymentName, buildId } : undefined;
}
