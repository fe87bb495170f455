import type { RenderedObject } from '../../formats/rendered-chart.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { readWithinLimits } from '../read-within-limits.ts';

/** The change of a release's manifest by an upgrade. */
export interface ManifestChange {
  /** The release's manifest now, and the one that the upgrade makes. */
  readonly before: string;
  readonly after: string;
  /** The manifests of the hooks that the upgrade runs. */
  readonly hooks: readonly string[];
  /** The namespace of objects that name none. */
  readonly namespace: string;
}

/** The rights on a chart's objects that helm needs and lacks: a sentence for each kind in each namespace. */
export async function missingObjectRights(
  cluster: ActivityCluster,
  change: ManifestChange,
): Promise<readonly string[]> {
  const [before, after, hooks] = await Promise.all([
    readPlaced(change.before, change),
    readPlaced(change.after, change),
    readPlaced(change.hooks.join('\n---\n'), change),
  ]);
  const needs = collectNeeds({ before, after, hooks });
  const sentences = await Promise.all([...needs.values()].map((need) => denial(cluster, need)));
  return sentences.flat();
}

interface Need {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly verbs: ReadonlySet<string>;
  readonly isHook: boolean;
}

/** An object in the namespace in which the release puts it. */
interface PlacedObject extends RenderedObject {
  readonly namespace: string;
}

async function readPlaced(
  manifest: string,
  { namespace }: Pick<ManifestChange, 'namespace'>,
): Promise<readonly PlacedObject[]> {
  const objects = await readWithinLimits('the rendered chart', 'readRenderedObjects', manifest);
  return objects.map((object) => ({ ...object, namespace: object.namespace ?? namespace }));
}

interface ChangedObjects {
  readonly before: readonly PlacedObject[];
  readonly after: readonly PlacedObject[];
  readonly hooks: readonly PlacedObject[];
}

/** Helm reads and patches what stays, creates what is new and deletes what is gone; a hook is deleted and created each time. */
function collectNeeds({ before, after, hooks }: ChangedObjects): ReadonlyMap<string, Need> {
  const needs = new Map<string, Need & { readonly verbs: Set<string> }>();
  const add = (object: PlacedObject, verbs: readonly string[], isHook: boolean): void => {
    const { apiVersion, kind, namespace } = object;
    const key = `${apiVersion} ${kind} ${namespace} ${isHook}`;
    const known = needs.get(key) ?? { apiVersion, kind, namespace, verbs: new Set(), isHook };
    for (const verb of verbs) known.verbs.add(verb);
    needs.set(key, known);
  };
  const need = (object: PlacedObject, ...verbs: readonly string[]): void => add(object, verbs, false);
  const identity = ({ kind, name, namespace }: PlacedObject): string => `${kind} ${namespace}/${name}`;
  const [old, wanted] = [new Set(before.map(identity)), new Set(after.map(identity))];
  for (const object of after) need(object, 'get', old.has(identity(object)) ? 'patch' : 'create');
  for (const object of before) if (!wanted.has(identity(object))) need(object, 'get', 'delete');
  for (const hook of hooks) add(hook, hookVerbs(hook), true);
  return needs;
}

/** The rights that helm uses for a hook (helm.sh/helm/v3 `pkg/action/hooks.go`): it waits for Jobs and Pods, and deletes no definition. */
function hookVerbs({ kind }: PlacedObject): readonly string[] {
  switch (kind) {
    case 'Job':
    case 'Pod':
      return ['get', 'create', 'delete', 'list', 'watch'];
    case 'CustomResourceDefinition':
      return ['create'];
    default:
      return ['get', 'create', 'delete'];
  }
}

async function denial(
  cluster: ActivityCluster,
  { apiVersion, kind, namespace, verbs, isHook }: Need,
): Promise<readonly string[]> {
  const found = await cluster.findResource({ apiVersion, kind });
  if (found === undefined)
    return [
      `the chart has ${isHook ? 'hooks' : 'objects'} of kind ${kind} (${apiVersion}), which the cluster does not know`,
    ];
  const { group, resource, isNamespaced } = found;
  const where = { group, resource, namespace: isNamespaced ? namespace : '' };
  const answers = await Promise.all(
    [...verbs].map(async (verb) => ((await cluster.isAllowed({ ...where, verb })) ? [] : [verb])),
  );
  const denied = answers.flat();
  if (denied.length === 0) return [];
  const place = isNamespaced ? ` in namespace ${namespace}` : '';
  return [
    `helm may not ${denied.join(', ')} ${group === '' ? resource : `${resource}.${group}`}${place}, which the chart has${isHook ? ' as a hook' : ''}; give the worker's account that right`,
  ];
}
