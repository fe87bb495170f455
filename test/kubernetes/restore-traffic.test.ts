import { expect, test, vi } from 'vitest';
import { KubernetesFailure } from '../../kubernetes/failure.ts';
import type { RestoreCluster } from '../../kubernetes/restore-cluster.ts';
import type { TrafficEntry } from '../../core/traffic/target.ts';
import { awaitBaseline, writeBaseline } from '../../kubernetes/restore-traffic.ts';
import { aRevision, aService } from '../support/knative.ts';

const restore = { target: { namespace: 'shop', name: 'app' }, baseline: 'v1', plan: 'restore-1/1' };
const written = [{ revisionName: 'v1', percent: 100 }];
const split = [{ revisionName: 'v2', percent: 100 }];

/** A cluster whose traffic is what was written last, at once; `writes` counts ours. */
function aCluster(
  others: (reads: number) => readonly TrafficEntry[] | undefined,
  changes: Partial<RestoreCluster> = {},
) {
  const calls = { reads: 0, writes: 0 };
  let traffic: readonly TrafficEntry[] = written;
  const cluster: RestoreCluster = {
    readService: async () => {
      calls.reads += 1;
      traffic = others(calls.reads) ?? traffic;
      return aService(traffic);
    },
    readRevisions: async () => new Map([aRevision('v1')]),
    patchService: async (_, patch) => {
      calls.writes += 1;
      traffic = patch.traffic;
    },
    readLease: async () => undefined,
    takeLease: async (_, lease) => lease,
    deleteLease: async () => undefined,
    ...changes,
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

test('a restore outlives an API server that cannot write for a moment', async () => {
  const readRevisions = vi.fn(async () => new Map([aRevision('v1')]));
  readRevisions.mockRejectedValueOnce(new KubernetesFailure('busy', 'cannot list the revisions'));
  const { cluster, calls } = aCluster((reads) => (reads === 1 ? split : undefined), { readRevisions });
  await awaitBaseline(cluster, { ...restore, signal: new AbortController().signal, limitMs: 10_000 });
  expect(calls.writes).toBe(1);
});

test('a restore leaves a target that somebody else holds by now', async () => {
  const readLease = async () => ({ spec: { holderIdentity: 'restore-2/1' } });
  const { cluster, calls } = aCluster(() => split, { readLease });
  const failing = awaitBaseline(cluster, { ...restore, signal: new AbortController().signal, limitMs: 10_000 });
  await expect(failing).rejects.toThrow('shop/app is held by restore-2/1 by now; its traffic is left as it is');
  expect(calls.writes).toBe(0);
});

const refusal = new KubernetesFailure('refused', 'cannot write the traffic');

test('a restore reads and writes anew while the service changes in between', async () => {
  const patchService = vi.fn(async () => undefined);
  patchService.mockRejectedValueOnce(refusal).mockRejectedValueOnce(refusal);
  const { cluster, calls } = aCluster(() => split, { patchService });
  await writeBaseline(cluster, restore);
  expect([calls.reads, patchService.mock.calls.length]).toEqual([3, 3]);
});

test('a restore gives up a service that changes each time', async () => {
  const patchService = vi.fn(async () => Promise.reject(refusal));
  const { cluster } = aCluster(() => split, { patchService });
  await expect(writeBaseline(cluster, restore)).rejects.toMatchObject({
    kind: 'refused',
    message:
      'Knative Service shop/app was changed by somebody in each of 10 attempts to write it; nothing was written, run the command again',
  });
  expect(patchService).toHaveBeenCalledTimes(10);
});

test('a restore writes nothing where the baseline does not exist', async () => {
  const { cluster, calls } = aCluster(() => split);
  const failing = writeBaseline(cluster, { ...restore, baseline: 'v0' });
  await expect(failing).rejects.toThrow('shop/app has no revision v0; it has v1');
  expect(calls.writes).toBe(0);
});
