import type { V1Pod } from '@kubernetes/client-node';
import { podEnvironment, mainContainer } from './hosted-pod.ts';

/**
 * The arguments of a Fortio container, for Fortio as a program of this machine: what cluster DNS and the ingress do for
 * a URL of a Knative Service (`http://NAME.NAMESPACE.…`), a `Host` header and the gateway's address do here.
 */
export function fortioArguments(pod: V1Pod, gatewayUrl: string): string[] {
  const { command = [], args = [] } = mainContainer(pod) ?? {};
  const environment = podEnvironment(pod);
  const expanded = [...command, ...args].map((text) => expand(text, environment));
  const [first, ...rest] = expanded;
  return (first === 'fortio' ? rest : expanded).flatMap((argument) => throughGateway(argument, gatewayUrl));
}

/** `$(NAME)` as Kubernetes expands it. */
function expand(text: string, environment: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    /\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g,
    (reference, name: string) => environment.get(name) ?? reference,
  );
}

function throughGateway(argument: string, gatewayUrl: string): string[] {
  if (!argument.startsWith('http://')) return [argument];
  const { hostname, pathname, search } = new URL(argument);
  return ['-H', `Host: ${hostname}`, `${gatewayUrl}${pathname}${search}`];
}
