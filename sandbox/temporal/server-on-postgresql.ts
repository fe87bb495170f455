import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Base } from '../base.ts';
import type { SandboxOptions } from '../options.ts';
import { freePort } from '../processes/ports.ts';
import { Service } from '../processes/service.ts';
import { progressOnStderr } from '../tools/progress.ts';
import { resolveInOrder } from '../tools/resolve.ts';
import { dynamicConfiguration } from './dynamic-configuration.ts';
import { databaseUser, startPostgresql } from './postgresql.ts';
import { addNamespace, requireHealth, requireNamespace } from './server-commands.ts';
import { temporalServerTools } from './server-programs.ts';
import type { TemporalProcesses } from './temporal-processes.ts';

const run = promisify(execFile);

/** As many as Temporal's Helm chart has. */
const historyShards = '512';

/** Starts Temporal's server, the one of production, with its data in a PostgreSQL of its own. */
export async function startServerOnPostgresql(base: Base, options: SandboxOptions): Promise<TemporalProcesses> {
  const [server = '', sqlTool = '', files = ''] = await resolveInOrder(
    Object.values(temporalServerTools),
    progressOnStderr,
  );
  const { service: database, port } = await startPostgresql(base);
  await createSchema(sqlTool, join(files, 'server'), port);
  const configuration = join(base.stateDirectory, 'temporal-dynamic-config.yaml');
  await writeFile(configuration, formatConfiguration(options));
  return { database, ...(await startServer(base, { server, databasePort: port, configuration })) };
}

async function createSchema(sqlTool: string, schema: string, port: number): Promise<void> {
  const env = {
    SQL_PLUGIN: 'postgres12',
    SQL_HOST: '127.0.0.1',
    SQL_PORT: String(port),
    SQL_USER: databaseUser,
    SQL_PASSWORD: '',
  };
  for (const [database, folder] of [
    ['temporal', 'temporal'],
    ['temporal_visibility', 'visibility'],
  ] as const) {
    await run(sqlTool, ['--db', database, 'create'], { env });
    await run(sqlTool, ['--db', database, 'setup-schema', '-v', '0.0'], { env });
    await run(sqlTool, ['--db', database, 'update-schema', '-d', join(schema, folder, 'versioned')], { env });
  }
}

/** A namespace and its search attributes are known at once, and not after the cache's minute. */
function formatConfiguration(options: SandboxOptions): string {
  const values = { 'system.forceSearchAttributesCacheRefreshOnRead': true, ...dynamicConfiguration(options) };
  const lists = Object.entries(values).map(([key, value]): [string, object] => [key, [{ value }]]);
  return JSON.stringify(Object.fromEntries(lists));
}

interface ServerFacts {
  readonly server: string;
  readonly databasePort: number;
  /** The file of the dynamic configuration. */
  readonly configuration: string;
}

/** With the settings that its image takes from the environment. */
async function startServer(
  base: Base,
  { server, databasePort, configuration }: ServerFacts,
): Promise<Omit<TemporalProcesses, 'database'>> {
  const services = ['FRONTEND', 'HISTORY', 'MATCHING', 'WORKER'];
  const names = [...services.flatMap((name) => [`${name}_GRPC_PORT`, `${name}_MEMBERSHIP_PORT`]), 'FRONTEND_HTTP_PORT'];
  const ports = await Promise.all(
    names.map(async (name): Promise<[string, string]> => [name, String(await freePort())]),
  );
  const env: Readonly<Record<string, string>> = Object.fromEntries(ports);
  const address = `127.0.0.1:${env['FRONTEND_GRPC_PORT']}`;
  const settings = {
    ...env,
    DB: 'postgres12',
    DB_PORT: String(databasePort),
    POSTGRES_SEEDS: '127.0.0.1',
    POSTGRES_USER: databaseUser,
    POSTGRES_PWD: '',
    NUM_HISTORY_SHARDS: historyShards,
    BIND_ON_IP: '127.0.0.1',
    TEMPORAL_BROADCAST_ADDRESS: '127.0.0.1',
    PUBLIC_FRONTEND_ADDRESS: address,
    LOG_LEVEL: 'warn',
    DYNAMIC_CONFIG_FILE_PATH: configuration,
  };
  let hasNamespace = false;
  const service = new Service({
    supervision: base.supervision,
    program: base.program('temporal', server, ['--allow-no-auth', 'start'], settings),
    isReady: async () => {
      await requireHealth(base, address);
      if (hasNamespace) await requireNamespace(base, address, 'default');
      return true;
    },
    // Without its database it ends.
    restarts: true,
  });
  await service.start();
  await addNamespace(base, address, 'default');
  hasNamespace = true;
  return { service, address, uiUrl: `http://127.0.0.1:${env['FRONTEND_HTTP_PORT']}` };
}
