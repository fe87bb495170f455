import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the bundles of the workflows of this run are; see test/support/workflow-bundle.ts. */
    readonly bundleDirectory: string;
  }
}

/** Makes the folder in which all files of a run share the bundles of the workflows; who needs one first fills it. */
export async function setup({ vitest }: TestProject): Promise<(() => Promise<void>) | undefined> {
  // Another project of this run has made it.
  if (vitest.getProvidedContext().bundleDirectory !== undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'serin-bundles-'));
  vitest.provide('bundleDirectory', directory);
  return () => rm(directory, { recursive: true, force: true });
}
