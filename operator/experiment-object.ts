import { defined } from '../core/text/defined.ts';
import type { ExperimentStatus } from './status/experiment-status.ts';
import { findCondition } from './status/conditions.ts';
import type { ObjectName } from '../core/experiment/experiment.ts';
import { lastAppliedAnnotation } from '../core/traffic/target.ts';
import { parseObjectName } from '../core/text/object-name.ts';
import { workflowIdFor } from '../contract/experiment-id.ts';
import { workflowType } from '../contract/names.ts';
import type { experimentGroups } from '../contract/experiment-id.ts';

/** A kind of Experiment that the operator watches, at the version in which it reads it. */
export interface ExperimentKind {
  readonly group: (typeof experimentGroups)[number];
  readonly version: string;
}

/** The kinds that the operator watches. */
export const experimentKinds: readonly ExperimentKind[] = [
  { group: 'iter8.tools', version: 'v2alpha2' },
  { group: 'serin.dev', version: 'v1alpha1' },
];

/** Keeps an Experiment until the traffic of its run is safe. */
export const finalizer = 'serin.dev/experiment';

/** An Experiment as the API server serves it. */
export interface ExperimentObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    /** Present once somebody has deleted it. */
    readonly deletionTimestamp?: Date;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly finalizers?: string[];
    readonly managedFields?: ManagedFields[];
  };
  readonly spec?: { readonly target?: unknown };
  readonly status?: ExperimentStatus;
}

interface ManagedFields {
  readonly apiVersion?: string;
  readonly subresource?: string;
  readonly fieldsV1?: object;
}

/** The id of the object's workflow, the only one that it ever gets. */
export function experimentWorkflowId({ apiVersion, metadata }: ExperimentObject): string {
  const [group = ''] = apiVersion.split('/');
  return workflowIdFor({ ...metadata, group });
}

/** The manifest for the workflow: the object in the version in which its author wrote it, without its cluster-only fields. */
export function toManifest(object: ExperimentObject): object {
  const { name, namespace, uid, generation, labels, annotations = {} } = object.metadata;
  const { [lastAppliedAnnotation]: _, ...kept } = annotations;
  return {
    apiVersion: writtenVersion(object),
    kind: object.kind,
    metadata: { name, namespace, uid, ...defined({ labels, generation }), annotations: kept },
    spec: object.spec,
  };
}

/** The version in which the spec was written; the API server serves every object in the version that is requested. */
function writtenVersion({ apiVersion, metadata }: ExperimentObject): string {
  const author = metadata.managedFields?.find(
    ({ subresource, fieldsV1 }) => subresource === undefined && fieldsV1 !== undefined && 'f:spec' in fieldsV1,
  );
  return author?.apiVersion ?? apiVersion;
}

/** The object with a status of serin's own, or none: iter8's controller or a backup may have left theirs, unfinished. */
export function withOwnStatus(object: ExperimentObject): ExperimentObject {
  const { status, ...rest } = object;
  const { serin }: Partial<ExperimentStatus> = status ?? {};
  return serin === undefined && !hasCompleted(object) ? rest : object;
}

/** Whether the Experiment has ended: then nothing is started or mirrored any more. */
export function hasCompleted({ status }: ExperimentObject): boolean {
  return findCondition(status?.conditions ?? [], 'Completed')?.status === 'True';
}

export function hasFinalizer({ metadata }: ExperimentObject): boolean {
  return metadata.finalizers?.includes(finalizer) === true;
}

/** The Knative Service, from the run's report or as the spec names it; undefined when neither names one. */
export function experimentTarget({ metadata, spec, status }: ExperimentObject): ObjectName | undefined {
  const reported = status?.serin.report?.target;
  if (reported !== undefined && reported.name !== '') return reported;
  if (typeof spec?.target !== 'string') return undefined;
  return parseObjectName(spec.target, metadata.namespace);
}

/** The key of an Experiment among all kinds: `group/namespace/name`. */
export function experimentKey({ apiVersion, metadata: { namespace, name } }: ExperimentObject): string {
  const [group = ''] = apiVersion.split('/');
  return `${group}/${namespace}/${name}`;
}

/** Reads a key of `experimentKey`. */
export function parseKey(key: string): { readonly group: string; readonly namespace: string; readonly name: string } {
  const [group = '', namespace = '', name = ''] = key.split('/');
  return { group, namespace, name };
}

/** The reason given to the run of a deleted Experiment. */
export function abortReason({ metadata: { namespace, name } }: ExperimentObject): string {
  return `Experiment ${namespace}/${name} was deleted`;
}

/** The prefixes of the workflow ids of all objects that ever had this name. */
export function workflowIdPrefixes({ namespace, name }: ObjectName): readonly string[] {
  return experimentKinds.map(({ group }) => [workflowType, group, namespace, name, ''].join('/'));
}
