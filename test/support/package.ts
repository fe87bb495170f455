import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** An empty folder in which the package was installed, as its users install it. */
export interface Consumer {
  readonly directory: string;
  readonly tarball: Tarball;
  /** Of the programs that npm has linked. */
  readonly programs: string;
  /** Runs a program in the folder; a failure is an answer too. */
  readonly run: (command: string, args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<Answer>;
}

export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `npm pack --json` says of a package. */
export interface Tarball {
  readonly filename: string;
  /** Bytes, compressed. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** Packs this checkout and installs the tarball with npm. */
export async function installPackage(directory: string): Promise<Consumer> {
  const tarball = await packCheckout(directory);
  const consumer = join(directory, 'consumer');
  await mkdir(consumer);
  await writeFile(join(consumer, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await run('npm', ['install', '--no-audit', '--no-fund', join(directory, tarball.filename)], { cwd: consumer });
  return {
    directory: consumer,
    tarball,
    programs: join(consumer, 'node_modules/.bin'),
    run: (command, args, env = {}) => answer(command, args, { cwd: consumer, env: { ...process.env, ...env } }),
  };
}

/** Packs this checkout, which builds it first. */
export async function packCheckout(directory: string): Promise<Tarball> {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', directory], { cwd: root });
  // Npm prints what it was asked for.
  const [tarball] = JSON.parse(stdout) as [Tarball];
  return tarball;
}

async function answer(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ exitCode: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ exitCode: error.code, stdout, stderr });
      else reject(error);
    });
  });
}
