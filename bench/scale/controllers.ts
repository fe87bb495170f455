import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject } from '@kubernetes/client-node';
import type { SandboxCluster } from '../../sandbox/cluster/client.ts';
import { watchCustomObjects } from '../../sandbox/cluster/watch.ts';
import { createRequestOptions } from '../../kubernetes/request-options.ts';
import type { TrafficEntry } from '../../core/traffic/target.ts';
import { knative } from './targets.ts';

interface Service extends KubernetesObject {
  readonly spec?: { readonly traffic?: readonly TrafficEntry[] };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly traffic?: readonly TrafficEntry[];
    readonly latestReadyRevisionName?: string;
  };
}

/** From a change of the spec to the status that reports it. */
const reportMs = 120;

/** What the stand-in for Knative's controllers knows, and its end. */
export interface Controllers {
  /** The percent of the traffic that each revision has by the status of its service. */
  readonly percents: ReadonlyMap<string, number>;
  readonly stop: () => Promise<void>;
}

/** Reports in the status of each Knative Service what its spec asks for, as Knative's controllers do, 120 ms later. */
export function startControllers(cluster: SandboxCluster): Controllers {
  const percents = new Map<string, number>();
  const options = createRequestOptions(30_000);
  const report = async ({ metadata, spec, status }: Service): Promise<void> => {
    const { name = '', namespace = '', generation } = metadata ?? {};
    await delay(reportMs);
    const traffic = (spec?.traffic ?? []).map((entry) => resolveLatest(entry, status?.latestReadyRevisionName));
    const request = { ...knative, namespace, plural: 'services', name };
    const body = { status: { observedGeneration: generation, traffic } };
    const merge = options({ contentType: 'application/merge-patch+json' });
    await cluster.custom.patchNamespacedCustomObjectStatus({ ...request, body }, merge);
  };
  const watch = watchCustomObjects<Service>(
    cluster,
    { ...knative, plural: 'services' },
    {
      present: (service) => {
        const { spec, status, metadata } = service;
        for (const { revisionName = '', percent = 0 } of status?.traffic ?? []) percents.set(revisionName, percent);
        if (spec === undefined || status === undefined || status.observedGeneration === metadata?.generation) return;
        report(service).catch((error: unknown) => console.error(`${metadata?.name}: no status`, error));
      },
    },
  );
  return { percents, stop: () => watch.stop() };
}

function resolveLatest(entry: TrafficEntry, latest: string | undefined): TrafficEntry {
  return entry.revisionName === undefined && latest !== undefined ? { ...entry, revisionName: latest } : entry;
}
