import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { auditDirectoryVariable } from '../../sandbox/cluster/audit.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the audit logs of all sandboxes of a run are, and which test files have run; see test/support/audit.ts. */
    readonly auditDirectory: string;
  }
}

/** Makes the folder into which all sandboxes of a run write their audit logs. One that the environment names is kept. */
export async function setup({ vitest }: TestProject): Promise<(() => Promise<void>) | undefined> {
  // Another project of this run has made it.
  if (vitest.getProvidedContext().auditDirectory !== undefined) return undefined;
  const named = process.env[auditDirectoryVariable];
  const directory = named ?? (await mkdtemp(join(tmpdir(), 'serin-audit-')));
  vitest.provide('auditDirectory', directory);
  // Inherited by the processes of the tests, and by all that start a sandbox from there.
  process.env[auditDirectoryVariable] = directory;
  return named === undefined ? () => rm(directory, { recursive: true, force: true }) : undefined;
}
