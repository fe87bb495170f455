import type { TestProject } from 'vitest/node';
import { startSharedCluster } from '../support/shared-cluster.ts';
import type { ClusterReference } from '../support/shared-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The sandbox that all files of a run share; see test/support/cluster.ts. */
    readonly cluster: ClusterReference;
  }
}

/** Starts the sandbox and the worker that the projects of one run share. */
export async function setup({ vitest }: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { cluster, bundleDirectory } = vitest.getProvidedContext();
  // Another project has started it.
  if (cluster !== undefined) return undefined;
  const { reference, stop } = await startSharedCluster(bundleDirectory);
  vitest.provide('cluster', reference);
  return stop;
}
