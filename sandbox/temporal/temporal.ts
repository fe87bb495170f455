import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Base } from '../base.ts';
import type { SandboxOptions } from '../options.ts';
import { startDevelopmentServer } from './development-server.ts';
import { startServerOnPostgresql } from './server-on-postgresql.ts';
import type { TemporalProcesses } from './temporal-processes.ts';

const run = promisify(execFile);

/** The search attributes that serin's workflows set where they exist. */
const searchAttributes = {
  SerinTarget: 'Keyword',
  SerinStage: 'Keyword',
  SerinOutcome: 'Keyword',
  SerinCandidateWeight: 'Int',
} as const;

/** Starts Temporal. Unless its data are in memory, killing and starting it again keeps everything. */
export async function startTemporal(base: Base, options: SandboxOptions): Promise<TemporalProcesses> {
  const isProduction = options.temporalDatabase === 'postgresql';
  const started = await (isProduction ? startServerOnPostgresql : startDevelopmentServer)(base, options);
  const { address } = started;
  if (isProduction) await addNamespace(base, address, 'default');
  if (options.searchAttributes !== false) await addSearchAttributes(base, address, 'default');
  for (const namespace of options.plainNamespaces ?? []) await addNamespace(base, address, namespace);
  return started;
}

/** Registers the search attributes that serin's workflows set. */
async function addSearchAttributes(base: Base, address: string, namespace: string): Promise<void> {
  const pairs = Object.entries(searchAttributes).flatMap(([name, type]) => ['--name', name, '--type', type]);
  const where = ['--address', address, '--namespace', namespace];
  await run(base.tools.temporal, ['operator', 'search-attribute', 'create', ...where, ...pairs]);
}

async function addNamespace(base: Base, address: string, namespace: string): Promise<void> {
  await run(base.tools.temporal, ['operator', 'namespace', 'create', '--address', address, '--namespace', namespace]);
}
