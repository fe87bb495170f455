import type { V1Container, V1Pod } from '@kubernetes/client-node';
import type { PodIdentity } from '../metrics/recorder.ts';

/** The pod's identity in Knative, or `undefined` for a pod that belongs to no revision. */
export function podIdentity({ metadata = {} }: V1Pod): PodIdentity | undefined {
  const { labels = {}, namespace = '', name = '' } = metadata;
  const revision = labels['serving.knative.dev/revision'];
  if (revision === undefined) return undefined;
  return {
    namespace,
    revision,
    service: labels['serving.knative.dev/service'] ?? '',
    configuration: labels['serving.knative.dev/configuration'] ?? '',
    pod: name,
  };
}

/** The container that does the pod's work: the only one beside Knative's queue-proxy. */
export function mainContainer({ spec }: V1Pod) {
  return spec?.containers.find(({ name }) => name !== 'queue-proxy');
}

/** The literal environment of the pod's main container. */
export function podEnvironment(pod: V1Pod): ReadonlyMap<string, string> {
  return literals(mainContainer(pod));
}

/** The revision's `timeoutSeconds`, as Knative passes it to its queue-proxy. */
export function requestLimitMs({ spec }: V1Pod): number {
  const queueProxy = spec?.containers.find(({ name }) => name === 'queue-proxy');
  return Number(literals(queueProxy).get('REVISION_TIMEOUT_SECONDS') ?? 300) * 1_000;
}

function literals(container: V1Container | undefined): ReadonlyMap<string, string> {
  return new Map(container?.env?.map(({ name, value = '' }) => [name, value]));
}
