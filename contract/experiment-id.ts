import type { ObjectName } from '../core/text/object-name.ts';
import { workflowType } from './names.ts';

/** The API groups that have a kind Experiment. */
export const experimentGroups = ['iter8.tools', 'serin.dev'] as const;

/** The Experiment object that a workflow runs. An object that is created again has another uid. */
export interface ExperimentReference extends ObjectName {
  readonly group: string;
  readonly uid: string;
}

/** The id of the one workflow that an Experiment in a cluster ever has. */
export function workflowIdFor({ group, namespace, name, uid }: ExperimentReference): string {
  return [workflowType, group, namespace, name, uid].join('/');
}

/** The Experiment that a workflow runs, read from its id; undefined for a workflow that was started without one. */
export function experimentOfWorkflow(workflowId: string): ExperimentReference | undefined {
  const [type, group, namespace, name, uid, ...rest] = workflowId.split('/');
  const isKind = type === workflowType && experimentGroups.some((known) => known === group);
  if (!isKind || !group || !namespace || !name || !uid || rest.length > 0) return undefined;
  return { group, namespace, name, uid };
}
