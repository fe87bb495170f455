import { ApisApi, CoreV1Api, CustomObjectsApi, KubernetesObjectApi } from '@kubernetes/client-node';
import type { Configuration, KubeConfig, V1APIResource } from '@kubernetes/client-node';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { failure } from '../failures.ts';
import type { RequestOptions } from '../../kubernetes/request-options.ts';

/** An object of any kind; the kind is given as kubectl takes it: `ksvc`, `Deployment`, `services.serving.knative.dev`. */
export interface ObjectReference extends ObjectName {
  readonly kind: string;
}

/** Reads objects of any kind, as the API server has them; fails as the client does, and as `NotReady` for an unknown kind. */
export function createObjectReader(
  kubeConfig: KubeConfig,
  options: RequestOptions,
): (reference: ObjectReference) => Promise<object> {
  const middleware = options().middleware ?? [];
  /** The client's own reader of any object, which takes no options for a single request. */
  class ObjectApi extends KubernetesObjectApi {
    constructor(configuration: Configuration) {
      super({ ...configuration, middleware: [...configuration.middleware, ...middleware] });
    }
  }
  const objects = kubeConfig.makeApiClient(ObjectApi);
  const findKind = createKindFinder(kubeConfig, options);
  return async ({ kind: text, namespace, name }) => {
    const { apiVersion, kind, isNamespaced } = await findKind(text);
    return objects.read({ apiVersion, kind, metadata: { name, ...(isNamespaced ? { namespace } : {}) } });
  };
}

interface ServedKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
}

/** Finds kinds as kubectl does: the core group first, the others in the server's order. What was found once is kept. */
function createKindFinder(kubeConfig: KubeConfig, options: RequestOptions): (text: string) => Promise<ServedKind> {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const groups = kubeConfig.makeApiClient(ApisApi);
  const customObjects = kubeConfig.makeApiClient(CustomObjectsApi);
  const known = new Map<string, ServedKind>();

  async function find(text: string): Promise<ServedKind> {
    const [own, { groups: others }] = await Promise.all([
      core.getAPIResources(options()),
      groups.getAPIVersions(options()),
    ]);
    const lists = others.map(async ({ name: group, preferredVersion, versions }) => {
      const { version } = preferredVersion ?? versions[0] ?? { version: '' };
      // An aggregated API that is down must not hide all others.
      const list = await customObjects.getAPIResources({ group, version }, options()).catch(() => undefined);
      return servedBy(`${group}/${version}`, list?.resources ?? [], text);
    });
    const found = [...servedBy('v1', own.resources, text), ...(await Promise.all(lists)).flat()][0];
    if (found === undefined) throw failure('NotReady', { message: `the API server knows no kind ${text}` });
    return found;
  }

  return async (text) => {
    const found = known.get(text) ?? (await find(text));
    known.set(text, found);
    return found;
  };
}

function servedBy(apiVersion: string, resources: readonly V1APIResource[], text: string): readonly ServedKind[] {
  const [, group = ''] = /^(.*)\//.exec(apiVersion) ?? [];
  return resources
    .filter((resource) => !resource.name.includes('/') && isNamed(resource, group, text.toLowerCase()))
    .map(({ kind, namespaced }) => ({ apiVersion, kind, isNamespaced: namespaced }));
}

function isNamed({ name, singularName, kind, shortNames = [] }: V1APIResource, group: string, text: string): boolean {
  const names = [name, singularName, kind, ...shortNames].map((word) => word.toLowerCase());
  return names.some((word) => text === word || (group !== '' && text === `${word}.${group}`));
}
