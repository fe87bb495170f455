import { readRenderedObjects } from '../../formats/rendered-chart.ts';
import type { RenderedObject } from '../../formats/rendered-chart.ts';
import type { ActivityCluster } from '../knative/cluster.ts';

/** The change of a release's manifest by an upgrade. */
export interface ManifestChange {
  /** The release's manifest now, and the one that the upgrade makes. */
  readonly before: string;
  readonly after: string;
  /** The namespace of objects that name none. */
  readonly namespace: string;
}

/** The rights on a chart's objects that helm needs and lacks: a sentence for each kind in each namespace. */
export async function missingObjectRights(
  cluster: ActivityCluster,
  change: ManifestChange,
): Promise<readonly string[]> {
  const needs = collectNeeds(change);
  const sentences = await Promise.all([...needs.values()].map((need) => denial(cluster, need)));
  return sentences.flat();
}

interface Need {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly verbs: ReadonlySet<string>;
}

/** Helm reads and patches what stays, creates what is new and deletes what is gone. */
function collectNeeds({ before, after, namespace }: ManifestChange): ReadonlyMap<string, Need> {
  const place = (object: RenderedObject) => ({ ...object, namespace: object.namespace ?? namespace });
  const [old, wanted] = [readRenderedObjects(before).map(place), readRenderedObjects(after).map(place)];
  const needs = new Map<string, Need>();
  const need = (object: (typeof old)[number], ...verbs: readonly string[]): void => {
    const { apiVersion, kind } = object;
    const key = `${apiVersion} ${kind} ${object.namespace}`;
    const known = needs.get(key)?.verbs ?? [];
    needs.set(key, { apiVersion, kind, namespace: object.namespace, verbs: new Set([...known, ...verbs]) });
  };
  const has = (objects: typeof old, one: (typeof old)[number]): boolean =>
    objects.some(
      ({ kind, name, ...other }) => kind === one.kind && name === one.name && other.namespace === one.namespace,
    );
  for (const object of wanted) need(object, 'get', has(old, object) ? 'patch' : 'create');
  for (const object of old) if (!has(wanted, object)) need(object, 'get', 'delete');
  return needs;
}

async function denial(
  cluster: ActivityCluster,
  { apiVersion, kind, namespace, verbs }: Need,
): Promise<readonly string[]> {
  const found = await cluster.findResource({ apiVersion, kind });
  if (found === undefined)
    return [`the chart has objects of kind ${kind} (${apiVersion}), which the cluster does not know`];
  const { group, resource, isNamespaced } = found;
  const where = { group, resource, namespace: isNamespaced ? namespace : '' };
  const answers = await Promise.all(
    [...verbs].map(async (verb) => ((await cluster.isAllowed({ ...where, verb })) ? [] : [verb])),
  );
  const denied = answers.flat();
  if (denied.length === 0) return [];
  const place = isNamespaced ? ` in namespace ${namespace}` : '';
  return [
    `helm may not ${denied.join(', ')} ${group === '' ? resource : `${resource}.${group}`}${place}, which the chart has; give the worker's account that right`,
  ];
}
