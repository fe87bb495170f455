import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Base } from '../base.ts';
import type { SandboxOptions } from '../options.ts';
import { answers } from '../processes/http.ts';
import { freePort } from '../processes/ports.ts';
import { Service } from '../processes/service.ts';

const run = promisify(execFile);

/** The search attributes that serin's workflows set where they exist. */
const searchAttributes = {
  SerinTarget: 'Keyword',
  SerinStage: 'Keyword',
  SerinOutcome: 'Keyword',
  SerinCandidateWeight: 'Int',
} as const;

export interface TemporalProcesses {
  readonly service: Service;
  /** gRPC, `host:port`. */
  readonly address: string;
  readonly uiUrl: string;
}

/**
 * Starts Temporal's development server with its Web UI. Where its data are in a file, killing and starting it again keeps
 * everything.
 */
export async function startTemporal(base: Base, options: SandboxOptions): Promise<TemporalProcesses> {
  const [port, uiPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const [address, uiUrl] = [`127.0.0.1:${port}`, `http://127.0.0.1:${uiPort}`];
  const inMemory = options.temporalDatabase === 'memory';
  const isHealthy = ['operator', 'cluster', 'health', '--address', address, '--command-timeout', '2s'];
  const service = new Service({
    supervision: base.supervision,
    program: base.program('temporal', base.tools.temporal, [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${port}`,
      `--ui-port=${uiPort}`,
      `--metrics-port=${metricsPort}`,
      ...(inMemory ? [] : [`--db-filename=${join(base.stateDirectory, 'temporal.db')}`]),
      '--log-level=warn',
    ]),
    isReady: async () => {
      await run(base.tools.temporal, isHealthy);
      return answers(uiUrl);
    },
  });
  await service.start();
  if (options.searchAttributes !== false) await addSearchAttributes(base, address, 'default');
  for (const namespace of options.plainNamespaces ?? []) await addNamespace(base, address, namespace);
  return { service, address, uiUrl };
}

/** Registers the search attributes that serin's workflows set. */
export async function addSearchAttributes(base: Base, address: string, namespace: string): Promise<void> {
  const pairs = Object.entries(searchAttributes).flatMap(([name, type]) => ['--name', name, '--type', type]);
  const where = ['--address', address, '--namespace', namespace];
  await run(base.tools.temporal, ['operator', 'search-attribute', 'create', ...where, ...pairs]);
}

async function addNamespace(base: Base, address: string, namespace: string): Promise<void> {
  await run(base.tools.temporal, ['operator', 'namespace', 'create', '--address', address, '--namespace', namespace]);
}
