import type { ObjectName } from '../core/text/object-name.ts';
import { workflowType } from './names.ts';

/** The API groups that have a kind Experiment. */
export const experimentGroups = ['iter8.tools', 'serin.dev'] as const;

/** The Experiment in a cluster whose run a workflow is. An object that is created again has another uid. */
export interface ExperimentReference extends ObjectName {
  readonly group: string;
  readonly uid: string;
}

/** The id of the one workflow that an Experiment in a cluster ever has. */
export function workflowIdFor({ group, namespace, name, uid }: ExperimentReference): string {
  return [workflowType, group, namespace, name, uid].join('/');
}

/** Whose run it is; undefined for one that somebody started without an object. */
export function experimentOfWorkflow(workflowId: string): ExperimentReference | undefined {
  const [type, group, namespace, name, uid, ...rest] = workflowId.split('/');
  const isKind = type === workflowType && experimentGroups.some((known) => known === group);
  if (!isKind || !group || !namespace || !name || !uid || rest.length > 0) return undefined;
  return { group, namespace, name, uid };
}
