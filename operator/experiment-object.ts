import { defined } from '../core/text/defined.ts';
import { readField } from '../core/text/json.ts';
import type { ExperimentStatus } from './status/experiment-status.ts';
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

/** What the operator keeps of every Experiment: all but its spec and its annotations, which may be large. */
export interface ExperimentOutline {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: OutlineMetadata;
  /** `spec.target`. */
  readonly target?: string;
  /** Only one of serin's own. */
  readonly status?: ExperimentStatus;
  /** The stage at which another controller has left the object in the midst of its run: iter8's own, or a backup. */
  readonly leftAt?: string;
}

interface OutlineMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  /** In seconds. */
  readonly creationTimestamp?: Date;
  /** Present once somebody has deleted it. */
  readonly deletionTimestamp?: Date;
  readonly finalizers?: string[];
}

/** An Experiment as the API server serves it. */
export interface ExperimentObject extends Omit<ExperimentOutline, 'target'> {
  readonly metadata: OutlineMetadata & {
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly managedFields?: ManagedFields[];
  };
  readonly spec: unknown;
}

interface ManagedFields {
  readonly apiVersion?: string;
  readonly subresource?: string;
  readonly fieldsV1?: object;
}

/** The id of the object's workflow, the only one that it ever gets. */
export function experimentWorkflowId({ apiVersion, metadata }: ExperimentOutline): string {
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

/** The outline of an object. */
export function outlineExperiment(object: ExperimentObject): ExperimentOutline {
  const { apiVersion, kind, metadata, spec } = object;
  const { name, namespace, uid, resourceVersion, generation, finalizers } = metadata;
  const target = readField(spec, 'target');
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion, ...defined({ generation, finalizers }), ...readTimes(metadata) },
    ...(typeof target === 'string' && target.length <= longestTarget ? { target } : {}),
    ...defined({ status: ownStatus(object), leftAt: foreignStage(object) }),
  };
}

/** The times of an object, which the API server's JSON has as text. */
function readTimes({ creationTimestamp, deletionTimestamp }: OutlineMetadata) {
  const read = (time: Date | undefined): Date | undefined => (time === undefined ? undefined : new Date(time));
  return defined({ creationTimestamp: read(creationTimestamp), deletionTimestamp: read(deletionTimestamp) });
}

/** Characters of the longest `namespace/name`. */
const longestTarget = 63 + 1 + 253;

/** The status if it is serin's own, or of an Experiment that has ended: iter8's controller or a backup may have left theirs. */
function ownStatus({ status }: ExperimentObject): ExperimentStatus | undefined {
  const { serin, conditions }: Partial<ExperimentStatus> = status ?? {};
  return serin === undefined && !isCompleted(conditions) ? undefined : status;
}

/** The stage of a run that another controller began and did not end: what it had not begun, serin may begin. */
function foreignStage(object: ExperimentObject): string | undefined {
  if (ownStatus(object) !== undefined) return undefined;
  const stage = readField(object.status, 'stage');
  return typeof stage === 'string' && begunStages.includes(stage) ? stage : undefined;
}

const begunStages: readonly string[] = ['Initializing', 'Running', 'Finishing', 'Completed'];

/** Whether the Experiment has ended: then nothing is started or mirrored any more. */
export function hasCompleted({ status }: ExperimentOutline): boolean {
  return isCompleted(status?.conditions);
}

/** Conditions that another program wrote may be anything. */
function isCompleted(conditions: unknown): boolean {
  if (!Array.isArray(conditions)) return false;
  return conditions.some((one) => readField(one, 'type') === 'Completed' && readField(one, 'status') === 'True');
}

export function hasFinalizer({ metadata }: ExperimentOutline): boolean {
  return metadata.finalizers?.includes(finalizer) === true;
}

/** The Knative Service, from the run's report or as the spec names it; undefined when neither names one. */
export function experimentTarget({ metadata, target, status }: ExperimentOutline): ObjectName | undefined {
  const reported = status?.serin.report?.target;
  if (reported !== undefined && reported.name !== '') return reported;
  return target === undefined ? undefined : parseObjectName(target, metadata.namespace);
}

/** The key of an Experiment among all kinds: `group/namespace/name`. */
export function experimentKey({ apiVersion, metadata: { namespace, name } }: ExperimentOutline): string {
  const [group = ''] = apiVersion.split('/');
  return `${group}/${namespace}/${name}`;
}

/** Reads a key of `experimentKey`. */
export function parseKey(key: string): { readonly group: string; readonly namespace: string; readonly name: string } {
  const [group = '', namespace = '', name = ''] = key.split('/');
  return { group, namespace, name };
}

/** The reason given to the run of a deleted Experiment. */
export function abortReason({ metadata: { namespace, name } }: ExperimentOutline): string {
  return `Experiment ${namespace}/${name} was deleted`;
}

/** The prefixes of the workflow ids of all objects that ever had this name. */
export function workflowIdPrefixes({ namespace, name }: ObjectName): readonly string[] {
  return experimentKinds.map(({ group }) => [workflowType, group, namespace, name, ''].join('/'));
}
