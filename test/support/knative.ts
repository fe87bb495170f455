import type { KnativeService, Revision } from '../../kubernetes/knative/objects.ts';
import type { TrafficEntry } from '../../core/traffic/target.ts';

const metadata = { name: 'app', namespace: 'shop', uid: 'uid', resourceVersion: '1', generation: 1 };

/** A Knative Service that serves the traffic which is written to it. */
export function aService(traffic: readonly TrafficEntry[]): KnativeService {
  const conditions = [{ type: 'RoutesReady', status: 'True' }] as const;
  return { metadata, spec: { traffic }, status: { observedGeneration: 1, conditions, traffic } };
}

/** A revision that Knative can route to, by name. */
export function aRevision(name: string): readonly [string, Revision] {
  const conditions = [{ type: 'Ready', status: 'True' }] as const;
  return [name, { metadata: { ...metadata, name }, spec: {}, status: { observedGeneration: 1, conditions } }];
}
