import type { Base } from '../base.ts';
import type { SandboxOptions } from '../options.ts';
import { startDevelopmentServer } from './development-server.ts';
import { addNamespace, addSearchAttributes } from './server-commands.ts';
import { startServerOnPostgresql } from './server-on-postgresql.ts';
import type { TemporalProcesses } from './temporal-processes.ts';

/** Starts Temporal with the namespace `default`. Unless its data are in memory, killing and starting it again keeps everything. */
export async function startTemporal(base: Base, options: SandboxOptions): Promise<TemporalProcesses> {
  const start = options.temporalDatabase === 'postgresql' ? startServerOnPostgresql : startDevelopmentServer;
  const started = await start(base, options);
  if (options.searchAttributes !== false) await addSearchAttributes(base, started.address, 'default');
  for (const namespace of options.plainNamespaces ?? []) await addNamespace(base, started.address, namespace);
  return started;
}
