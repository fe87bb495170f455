import type { Sandbox } from '../../sandbox/index.ts';

export interface ServedEntry {
  readonly revisionName?: string;
  readonly latestRevision?: boolean;
  readonly percent?: number;
  readonly tag?: string;
  readonly url?: string;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

export interface Name {
  readonly name: string;
  readonly namespace: string;
}

interface KnativeObject {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly traffic?: readonly ServedEntry[] };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
    readonly traffic?: readonly ServedEntry[];
  };
}

/** A Knative Service as the cluster reports it now. */
export async function knativeService(sandbox: Sandbox, { name, namespace }: Name) {
  const { metadata, spec, status } = await get(sandbox, 'ksvc', name, namespace);
  return {
    isReady: isTrue(status?.conditions) && status?.observedGeneration === metadata.generation,
    traffic: status?.traffic ?? [],
    specTraffic: spec.traffic ?? [],
  };
}

/** State of one of a revision's conditions, with its reason if it has one. */
export async function revisionCondition(
  sandbox: Sandbox,
  { namespace }: Name,
  { revision, type }: { readonly revision: string; readonly type: string },
): Promise<string> {
  const { status } = await get(sandbox, 'revision', revision, namespace);
  const found = status?.conditions?.find((condition) => condition.type === type);
  return found?.reason === undefined ? (found?.status ?? 'none') : `${found.status} (${found.reason})`;
}

function isTrue(conditions: readonly Condition[] | undefined): boolean {
  return conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

async function get(sandbox: Sandbox, kind: string, name: string, namespace: string): Promise<KnativeObject> {
  return JSON.parse(await sandbox.kubectl('get', kind, name, '-n', namespace, '-o', 'json')) as KnativeObject;
}
