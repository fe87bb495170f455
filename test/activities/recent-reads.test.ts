import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RecentReads } from '../../activities/knative/recent-reads.ts';
import type { ActivityCluster } from '../../activities/knative/cluster.ts';

const name = { namespace: 'shop', name: 'cart' };

/** A cluster whose objects are numbered by their reads. */
function countingCluster(): ActivityCluster {
  let reads = 0;
  const read = async () => ({ metadata: { name: `${(reads += 1)}` } });
  return { readService: read, readRevision: read } as unknown as ActivityCluster;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function readTwice(cluster: Pick<ActivityCluster, 'readService'>): Promise<readonly (string | undefined)[]> {
  const first = await cluster.readService(name);
  const second = await cluster.readService(name);
  return [first?.metadata.name, second?.metadata.name];
}

test('an object that was observed is taken once, and then read', async () => {
  const [recent, cluster] = [new RecentReads(), countingCluster()];
  await recent.keeping(cluster).readService(name);
  expect(await readTwice(recent.reusing(cluster))).toEqual(['1', '2']);
});

test('what was observed a while ago is read', async () => {
  const [recent, cluster] = [new RecentReads(), countingCluster()];
  await recent.keeping(cluster).readService(name);
  vi.advanceTimersByTime(1_001);
  expect(await readTwice(recent.reusing(cluster))).toEqual(['2', '3']);
});

test('the time of an object is that at which it was asked for', async () => {
  const [recent, cluster] = [new RecentReads(), countingCluster()];
  const slow: ActivityCluster = {
    ...cluster,
    readService: async (asked) => {
      vi.advanceTimersByTime(1_001);
      return cluster.readService(asked);
    },
  };
  await recent.keeping(slow).readService(name);
  expect(await readTwice(recent.reusing(cluster))).toEqual(['2', '3']);
});

test('objects of another namespace or kind are not taken', async () => {
  const [recent, cluster] = [new RecentReads(), countingCluster()];
  await recent.keeping(cluster).readRevision(name);
  await recent.keeping(cluster).readService({ ...name, namespace: 'bank' });
  expect(await readTwice(recent.reusing(cluster))).toEqual(['3', '4']);
});
