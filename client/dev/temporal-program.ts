import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CommandError } from '../errors.ts';

/** Temporal's command line, which has the development server in it. */
export interface TemporalProgram {
  readonly path: string;
  /** Of the server. */
  readonly version: string;
}

/** The oldest server with which serin is tested. */
const oldest = { major: 1, minor: 29 };

const run = promisify(execFile);

/**
 * Finds `temporal` on the PATH or in `directory`; where neither has one that fits, Temporal's SDK downloads one into `directory`.
 *
 * @param note says what takes a while.
 */
export async function findTemporal(directory: string, note: (text: string) => void): Promise<TemporalProgram> {
  const installed = await readProgram('temporal');
  if (installed !== undefined && fits(installed)) return installed;
  const kept = await readDownloaded(directory);
  if (kept !== undefined && fits(kept)) return kept;
  const lack = installed === undefined ? 'no `temporal` is on the PATH' : tooOld(installed);
  note(`${lack}: downloading Temporal's development server to ${directory}`);
  await download(directory, lack);
  const downloaded = await readDownloaded(directory);
  if (downloaded !== undefined) return downloaded;
  throw new CommandError('failed', `what was downloaded to ${directory} cannot be run; ${remedy}`);
}

const remedy = "install Temporal's command line (https://docs.temporal.io/cli)";

/** Whether serin is tested with the server, or with an older one. */
export function fits({ version }: Pick<TemporalProgram, 'version'>): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldest.major || (major === oldest.major && minor >= oldest.minor);
}

function tooOld({ version }: TemporalProgram): string {
  return `the \`temporal\` on the PATH has the server ${version}, and serin wants ${oldest.major}.${oldest.minor} or newer`;
}

/** Undefined where there is no such program, or it is another one. */
async function readProgram(path: string): Promise<TemporalProgram | undefined> {
  const printed = await run(path, ['--version']).catch(() => undefined);
  const version = printed && /\(Server (\d+\.\d+\.\d+)/.exec(printed.stdout)?.[1];
  return version === undefined ? undefined : { path, version };
}

async function readDownloaded(directory: string): Promise<TemporalProgram | undefined> {
  const [file] = await readdir(directory).catch(() => []);
  return file === undefined ? undefined : readProgram(join(directory, file));
}

/** The SDK downloads only to start: what it starts is ended at once, what it has downloaded stays. */
async function download(directory: string, lack: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  try {
    const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const executable = { type: 'cached-download', downloadDir: directory } as const;
    const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
    await environment.teardown();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError('failed', `${lack}, and none can be downloaded: ${reason}; ${remedy}`, { cause: error });
  }
}
