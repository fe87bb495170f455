import { defined } from '../../core/text/defined.ts';
import type { TrafficEntry } from '../../core/traffic/target.ts';

/**
 * The parts of Knative's objects that serin reads (https://knative.dev/docs/serving/reference/serving-api/). The API server
 * has checked them against their schema before anyone can read them.
 */
export interface KnativeMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly ManagedFields[];
  readonly deletionTimestamp?: string;
}

/** Who owns which fields; see https://kubernetes.io/docs/reference/using-api/server-side-apply/#managing-fields. */
export interface ManagedFields {
  readonly manager?: string;
  /** RFC 3339, whole seconds. */
  readonly time?: string;
  readonly subresource?: string;
  readonly fieldsV1?: object;
}

export interface KnativeCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
}

interface Container {
  readonly name?: string;
  readonly image: string;
  /** Knative takes the protocol from the name: `h2c`, HTTP/2 without TLS, which gRPC needs. */
  readonly ports?: readonly { readonly name?: string }[];
}

interface RevisionSpec {
  readonly containers?: readonly Container[];
}

export interface KnativeService {
  readonly metadata: KnativeMetadata;
  readonly spec: {
    readonly template?: {
      readonly metadata?: { readonly name?: string } & Pick<KnativeMetadata, 'annotations' | 'labels'>;
      readonly spec?: RevisionSpec;
    };
    readonly traffic?: readonly TrafficEntry[];
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly KnativeCondition[];
    readonly latestReadyRevisionName?: string;
    readonly latestCreatedRevisionName?: string;
    readonly traffic?: readonly TrafficEntry[];
  };
}

export interface Revision {
  readonly metadata: KnativeMetadata;
  readonly spec: RevisionSpec;
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly KnativeCondition[];
    readonly actualReplicas?: number;
  };
}

/** Why the condition does not hold, in Knative's words; undefined when it does. */
export function unmet(conditions: readonly KnativeCondition[] | undefined, type: string): string | undefined {
  const condition = conditions?.find((candidate) => candidate.type === type);
  if (condition?.status === 'True') return undefined;
  const words = [condition?.reason, condition?.message].filter((text) => text !== undefined && text !== '');
  return [...new Set(words)].join(': ') || `${type} is ${condition?.status ?? 'not reported yet'}`;
}

/** Whether the service's status refers to its current spec. */
export function isObserved({ metadata, status }: KnativeService): boolean {
  return status?.observedGeneration !== undefined && status.observedGeneration >= (metadata.generation ?? 0);
}

/** Whether Knative sends requests to the revision: it exists and is ready, be it scaled to zero. */
export function isRoutable(revision: Revision | undefined): boolean {
  if (revision === undefined || revision.metadata.deletionTimestamp !== undefined) return false;
  const { metadata, status } = revision;
  return status?.observedGeneration === metadata.generation && unmet(status?.conditions, 'Ready') === undefined;
}

/** The image of the first container, which is the app's; empty where there is none. */
export function containerImage({ spec }: Revision): string {
  return spec.containers?.[0]?.image ?? '';
}

/**
 * The manager that wrote `spec.traffic` last, and when. Traffic that Knative has filled in has no manager: then the manager
 * that wrote the spec last, and left traffic out.
 */
export function trafficEditor({ metadata }: KnativeService): { manager: string; time?: string } | undefined {
  const { managedFields = [] } = metadata;
  const newest = newestOwner(managedFields, ['f:spec', 'f:traffic']) ?? newestOwner(managedFields, ['f:spec']);
  if (newest?.manager === undefined) return undefined;
  return { manager: newest.manager, ...defined({ time: newest.time }) };
}

/** Whether the manager owns `spec.traffic`, or a part of it. */
export function ownsTraffic({ metadata }: KnativeService, manager: string): boolean {
  const owned = (metadata.managedFields ?? []).filter((entry) => entry.manager === manager);
  return owned.some(({ fieldsV1 }) => ownsField(fieldsV1, ['f:spec', 'f:traffic']));
}

function newestOwner(managedFields: readonly ManagedFields[], path: readonly string[]): ManagedFields | undefined {
  const owners = managedFields.filter(({ subresource, fieldsV1 }) => {
    return (subresource ?? '') === '' && ownsField(fieldsV1, path);
  });
  return owners.toSorted((a, b) => entryTime(b) - entryTime(a))[0];
}

function ownsField(fields: unknown, path: readonly string[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  if (typeof fields !== 'object' || fields === null || !(key in fields)) return false;
  // Checked above: the key exists.
  return ownsField((fields as Readonly<Record<string, unknown>>)[key], rest);
}

function entryTime({ time }: ManagedFields): number {
  return time === undefined ? 0 : Date.parse(time);
}
