import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { lchown, readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defined } from '../../core/text/defined.ts';
import { siblingModule } from '../../core/text/sibling-module.ts';
import { inScratchDirectory } from '../scratch-directory.ts';
import type { CommandBounds, CommandUser } from './bounds.ts';
import { inDirectory } from './environment.ts';
import type { GuardReport } from './guard-report.ts';
import type { GuardRequest } from './guard-request.ts';
import { lifelineLink } from './lifeline.ts';
import { ProcessFamily } from './process-family.ts';

export interface ProcessRequest {
  readonly command: string;
  /** Passed as they are: no shell reads them. */
  readonly args: readonly string[];
  /** The whole environment of the command, but for its directories. */
  readonly environment: Readonly<Record<string, string>>;
  readonly bounds: CommandBounds;
  /** A scratch directory, with files for the command; it becomes the command user's. Default: a new one, which is removed afterwards. */
  readonly directory?: string;
  readonly limitMs: number;
  /** Stops the command; the promise rejects with its reason once the process is gone. */
  readonly signal: AbortSignal;
  /** How many bytes of standard output are kept, from its end. */
  readonly outputBytes?: number;
}

/** How a command ended, and the end of what it printed. */
export type ProcessResult = GuardReport;

/** Fits into a workflow's history. */
const defaultOutputBytes = 8 * 1024;

/** Between SIGTERM, on which helm marks its release failed, and SIGKILL. */
const stopGraceMs = 5_000;

/** Where Node keeps what it has compiled, if anywhere: a guard that is compiled anew takes more than twice as long to start. */
const compileCache = defined({ NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] });

const guardPath = fileURLToPath(siblingModule(import.meta.url, './guard'));

/**
 * Runs a command to its end, in a scratch directory that is also its home, through a guard so that it dies with this process. A
 * command that fails is a result too; only `signal` makes this reject, and not before the process is gone.
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  request.signal.throwIfAborted();
  const { directory } = request;
  if (directory !== undefined) return runIn(directory, request);
  return inScratchDirectory('command', (created) => runIn(created, request));
}

async function runIn(directory: string, request: ProcessRequest): Promise<ProcessResult> {
  const { signal, bounds } = request;
  await handOver(directory, bounds.user);
  signal.throwIfAborted();
  const mark = randomUUID();
  const guard = startGuard(guardRequest(directory, mark, request));
  const stop = (): void => void guard.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    const text = await readOutput(guard);
    if (text === '') new ProcessFamily({ mark, lifeline: lifelineLink(await realpath(directory)) }).kill();
    signal.throwIfAborted();
    return text === '' ? lostCommand : readReport(text);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Lets the command's user have the directory and the files that were put there. */
async function handOver(directory: string, user: CommandUser | undefined): Promise<void> {
  if (user === undefined) return;
  for (const file of await readdir(directory)) await lchown(join(directory, file), user.uid, user.gid);
  await lchown(directory, user.uid, user.gid);
}

function guardRequest(directory: string, mark: string, request: ProcessRequest): GuardRequest {
  const { command, args, environment, bounds, limitMs, outputBytes = defaultOutputBytes } = request;
  return {
    // A path is one of the worker's working directory.
    command: command.includes('/') ? resolve(command) : command,
    args,
    environment: inDirectory(environment, directory),
    directory,
    limitMs: Math.ceil(limitMs),
    graceMs: stopGraceMs,
    outputBytes,
    mark,
    memoryBytes: bounds.memoryBytes,
    ...defined({ user: bounds.user }),
  };
}

function startGuard(request: GuardRequest): ChildProcess {
  const guard = spawn(process.execPath, [guardPath], {
    // A session of its own: signals of the worker's terminal are the worker's to answer.
    detached: true,
    env: compileCache,
    // The guard's own standard error is the worker's: it is empty, or a bug.
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // A guard that is killed before it has read this gives no report.
  guard.stdin?.on('error', () => undefined);
  guard.stdin?.write(`${JSON.stringify(request)}\n`);
  return guard;
}

async function readOutput(guard: ChildProcess): Promise<string> {
  const chunks: Buffer[] = [];
  guard.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(guard, 'close');
  return Buffer.concat(chunks).toString('utf8');
}

/** Nobody knows how a command went whose guard was killed. */
const lostCommand: GuardReport = { outcome: { kind: 'unknown' }, stdout: '', stderr: '', isCut: false };

function readReport(text: string): GuardReport {
  // Written by our own guard.
  return JSON.parse(text) as GuardReport;
}
