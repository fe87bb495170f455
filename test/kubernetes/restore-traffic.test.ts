import { expect, test } from 'vitest';
import type { RestoreCluster } from '../../kubernetes/restore-cluster.ts';
import type { TrafficEntry } from '../../core/target.ts';
import { awaitBaseline } from '../../kubernetes/restore-traffic.ts';

const restore = { target: { namespace: 'shop', name: 'app' }, baseline: 'v1', plan: 'restore-1/1' };
const written = [{ revisionName: 'v1', percent: 100 }];
const split = [{ revisionName: 'v2', percent: 100 }];

/** A cluster whose traffic is what was written last, at once; `writes` counts ours. */
function aCluster(others: (reads: number) => readonly TrafficEntry[] | undefined) {
  const calls = { reads: 0, writes: 0 };
  let traffic: readonly TrafficEntry[] = written;
  const cluster: RestoreCluster = {
    readService: async () => {
      calls.reads += 1;
      traffic = others(calls.reads) ?? traffic;
      const conditions = [{ type: 'RoutesReady', status: 'True' }];
      const status = { observedGeneration: 1, conditions, traffic };
      return { metadata: { resourceVersion: '1', generation: 1 }, spec: { traffic }, status };
    },
    revisionsOf: async () => new Map([['v1', true]]),
    patchService: async (_, patch) => {
      calls.writes += 1;
      traffic = patch.traffic;
      return true;
    },
    readLease: async () => undefined,
    takeLease: async (_, lease) => lease,
    deleteLease: async () => undefined,
  };
  return { cluster, calls };
}

test('a restore that is overwritten before it is confirmed writes again', async () => {
  const { cluster, calls } = aCluster((reads) => (reads === 1 ? split : undefined));
  await awaitBaseline(cluster, { ...restore, signal: new AbortController().signal, limitMs: 10_000 });
  expect(calls.writes).toBe(1);
});

test('a restore that is always overwritten fails with what stands there', async () => {
  const { cluster } = aCluster(() => split);
  const failing = awaitBaseline(cluster, { ...restore, signal: new AbortController().signal, limitMs: 0 });
  await expect(failing).rejects.toThrow(
    '100 % on v1 is written to shop/app but the cluster has not confirmed it: somebody else has written v2 100 %; its Lease is kept',
  );
});
