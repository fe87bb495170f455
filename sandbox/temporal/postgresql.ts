import { execFile } from 'node:child_process';
import { access, chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Base } from '../base.ts';
import { freePort } from '../processes/ports.ts';
import { Service } from '../processes/service.ts';

const run = promisify(execFile);

/** Debian's package `postgresql`. */
const programs = '/usr/lib/postgresql/15/bin';

export const databaseUser = 'temporal';

/** Starts a PostgreSQL on loopback, which lets everybody in. It does not run as root: then it runs as the user that Debian's package has made. */
export async function startPostgresql(base: Base): Promise<{ readonly service: Service; readonly port: number }> {
  await access(programs).catch(() => {
    throw new Error(`expected PostgreSQL in ${programs}; install Debian's package postgresql`);
  });
  const directory = join(base.stateDirectory, 'postgresql');
  await mkdir(directory, { mode: 0o700 });
  const isRoot = process.getuid?.() === 0;
  const as = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  if (isRoot) {
    await chown(directory, await readId('-u'), await readId('-g'));
    await chmod(base.stateDirectory, 0o711);
  }
  const data = join(directory, 'data');
  const initialize = [...as, join(programs, 'initdb'), '-D', data, '-U', databaseUser, '--auth=trust'];
  await run(initialize[0] ?? '', initialize.slice(1), { cwd: directory });
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
    // Right after a kill its other processes may still hold its memory.
    restarts: true,
  });
  await service.start();
  return { service, port };
}

async function readId(flag: '-u' | '-g'): Promise<number> {
  return Number((await run('id', [flag, 'postgres'])).stdout);
}
