import { execFile } from 'node:child_process';
import { access, chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Base } from '../../sandbox/base.ts';
import { freePort } from '../../sandbox/processes/ports.ts';
import { Service } from '../../sandbox/processes/service.ts';
import { addSearchAttributes } from '../../sandbox/temporal/temporal.ts';
import { progressOnStderr } from '../../sandbox/tools/progress.ts';
import { resolveInOrder } from '../../sandbox/tools/resolve.ts';
import { composeTools } from '../../test/compose/programs.ts';

const run = promisify(execFile);

/** Debian's package `postgresql`. */
const programs = '/usr/lib/postgresql/15/bin';
const user = 'temporal';
/** As many as Temporal's Helm chart has. */
const historyShards = '512';

/** Starts Temporal's server, the one of production, with its data in a PostgreSQL of its own; returns its address. */
export async function startTemporalOnPostgresql(base: Base): Promise<{ readonly address: string }> {
  await access(programs).catch(() => {
    throw new Error(`--database postgresql: expected PostgreSQL in ${programs}; install Debian's package postgresql`);
  });
  const { temporalServer, temporalSqlTool, temporalFiles } = composeTools;
  const list = [temporalServer, temporalSqlTool, temporalFiles];
  const [server = '', sqlTool = '', files = ''] = await resolveInOrder(list, progressOnStderr);
  const databasePort = await startPostgresql(base);
  await createSchema(sqlTool, join(files, 'server'), databasePort);
  const address = await startServer(base, server, databasePort);
  const where = ['--address', address, '--namespace', 'default'];
  await run(base.tools.temporal, ['operator', 'namespace', 'create', ...where]);
  await addSearchAttributes(base, address, 'default');
  return { address };
}

/** PostgreSQL does not run as root: then it runs as the user that Debian's package has made. */
async function startPostgresql(base: Base): Promise<number> {
  const directory = join(base.stateDirectory, 'postgresql');
  await mkdir(directory, { mode: 0o700 });
  const isRoot = process.getuid?.() === 0;
  const as = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  if (isRoot) {
    await chown(directory, await idOf('-u'), await idOf('-g'));
    await chmod(base.stateDirectory, 0o711);
  }
  const data = join(directory, 'data');
  const [initial, ...initialArgs] = [...as, join(programs, 'initdb'), '-D', data, '-U', user, '--auth=trust'];
  await run(initial, initialArgs, { cwd: directory });
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${directory}`, 'max_connections=200'];
  const options = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const [command = '', ...args] = [...as, join(programs, 'postgres'), ...options];
  const service = new Service({
    supervision: base.supervision,
    program: { ...base.program('postgresql', command, args), workingDirectory: directory },
    isReady: async () => {
      await run(join(programs, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]);
      return true;
    },
  });
  await service.start();
  return port;
}

async function idOf(flag: '-u' | '-g'): Promise<number> {
  return Number((await run('id', [flag, 'postgres'])).stdout);
}

async function createSchema(sqlTool: string, schema: string, port: number): Promise<void> {
  const env = {
    SQL_PLUGIN: 'postgres12',
    SQL_HOST: '127.0.0.1',
    SQL_PORT: String(port),
    SQL_USER: user,
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

/** With the settings that its image takes from the environment. */
async function startServer(base: Base, server: string, databasePort: number): Promise<string> {
  const services = ['FRONTEND', 'HISTORY', 'MATCHING', 'WORKER'];
  const ports = await Promise.all(
    services
      .flatMap((name) => [`${name}_GRPC_PORT`, `${name}_MEMBERSHIP_PORT`])
      .map(async (name) => [name, await freePort()]),
  );
  const numbers = Object.fromEntries(ports) as Readonly<Record<string, number>>;
  const address = `127.0.0.1:${numbers['FRONTEND_GRPC_PORT']}`;
  const env = {
    ...Object.fromEntries(Object.entries(numbers).map(([name, port]) => [name, String(port)])),
    FRONTEND_HTTP_PORT: String(await freePort()),
    DB: 'postgres12',
    DB_PORT: String(databasePort),
    POSTGRES_SEEDS: '127.0.0.1',
    POSTGRES_USER: user,
    POSTGRES_PWD: '',
    NUM_HISTORY_SHARDS: historyShards,
    BIND_ON_IP: '127.0.0.1',
    TEMPORAL_BROADCAST_ADDRESS: '127.0.0.1',
    PUBLIC_FRONTEND_ADDRESS: address,
    LOG_LEVEL: 'warn',
    DYNAMIC_CONFIG_FILE_PATH: join(import.meta.dirname, '../../deploy/docker/dynamic-config.yaml'),
  };
  const service = new Service({
    supervision: base.supervision,
    program: base.program('temporal', server, ['--allow-no-auth', 'start'], env),
    isReady: async () => {
      await run(base.tools.temporal, [
        'operator',
        'cluster',
        'health',
        '--address',
        address,
        '--command-timeout',
        '2s',
      ]);
      return true;
    },
    readyLimitMs: 120_000,
  });
  await service.start();
  return address;
}
