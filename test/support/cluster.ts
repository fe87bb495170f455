import { connectCluster, startSharedCluster } from './shared-cluster.ts';
import type { TestCluster } from './shared-cluster.ts';

export { plainNamespace } from './shared-cluster.ts';
export type { TestCluster } from './shared-cluster.ts';

let cluster: Promise<TestCluster> | undefined;

/** The cluster that all files of a run share; names in it must be unique in the whole run. */
export function testCluster(): Promise<TestCluster> {
  cluster ??= findCluster();
  return cluster;
}

/** Ends what was run through the connection, and forgets it: whoever asks next makes another one. */
export async function leaveCluster(): Promise<void> {
  const left = await cluster;
  cluster = undefined;
  await left?.sandbox.stop();
  await left?.client.connection.close();
}

async function findCluster(): Promise<TestCluster> {
  // A benchmark runs without vitest, which cannot even be imported there.
  if (process.env['VITEST'] === undefined) return connectCluster((await startSharedCluster()).reference);
  return connectCluster((await import('vitest')).inject('cluster'));
}
