import type { FaultyRevision } from '../faults/fault.ts';
import type { Ingress, IngressPath, IngressSplit } from './ingress.ts';

export interface GatewayRequest {
  /** Without a port. */
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Where a request goes, and the headers that Knative wants added to it. */
export interface RouteChoice {
  readonly revision: FaultyRevision;
  readonly headers: Readonly<Record<string, string>>;
}

/** The rules of all ingresses, by host. */
export type RouteTable = ReadonlyMap<string, readonly IngressPath[]>;

export function routeTable(all: readonly Ingress[]): RouteTable {
  const rules = all.flatMap(({ spec }) => spec?.rules ?? []);
  return new Map(rules.flatMap(({ hosts = [], http }) => hosts.map((host) => [host, http?.paths ?? []] as const)));
}

/**
 * Chooses a revision by the percents of the route's splits; undefined where no route fits.
 *
 * @param random at least 0 and below 1.
 */
export function chooseRoute(table: RouteTable, request: GatewayRequest, random: number): RouteChoice | undefined {
  const path = table.get(request.host)?.find((candidate) => matches(candidate, request));
  const split = path && chooseSplit(path.splits, random * 100);
  if (path === undefined || split === undefined) return undefined;
  const headers = { ...path.appendHeaders, ...split.appendHeaders };
  const namespace = headers['Knative-Serving-Namespace'] ?? split.serviceNamespace;
  return { revision: { namespace, revision: headers['Knative-Serving-Revision'] ?? split.serviceName }, headers };
}

function matches({ path = '/', headers = {} }: IngressPath, request: GatewayRequest): boolean {
  const hasHeaders = Object.entries(headers).every(
    ([name, { exact }]) => request.headers[name.toLowerCase()] === exact,
  );
  return hasHeaders && request.path.startsWith(path);
}

function chooseSplit(splits: readonly IngressSplit[], point: number): IngressSplit | undefined {
  let end = 0;
  for (const split of splits) {
    // Knative leaves out the percent of an only split.
    end += split.percent ?? 100;
    if (point < end) return split;
  }
  return undefined;
}
