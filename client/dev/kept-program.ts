import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { siblingModule } from '../../core/text/sibling-module.ts';
import { pause } from '../../kubernetes/pause.ts';
import { CommandError } from '../errors.ts';

export interface Program {
  /** How messages name it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Everything that it prints; begun anew. */
  readonly logFile: string;
  /** Takes each line, and returns what a person reads of it. */
  readonly readLine?: (line: string) => string;
}

/** What a program may say while it is kept. */
export interface Supervisor {
  readonly note: (text: string) => void;
  /** The program cannot be kept running. */
  readonly fail: (error: CommandError) => void;
}

const keeperFile = fileURLToPath(siblingModule(import.meta.url, './keeper'));

/** Between the end of a program and its next start. */
const pauseMs = 1_000;

/** The lines that tell why a program has ended. */
const lastLines = 5;

/**
 * Runs a program for as long as `use` takes, which says when it has come up: from then on it is started again when it ends by itself.
 * It does not outlive this process, and a Ctrl-C in the terminal does not reach it. At the end it gets SIGTERM, and is waited for.
 */
export async function withProgram<T>(
  program: Program,
  supervisor: Supervisor,
  use: (cameUp: () => void) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController();
  const life = { isUp: false, stopping: stopping.signal };
  await rm(program.logFile, { force: true });
  const ended = keepRunning(program, supervisor, life);
  try {
    return await use(() => void (life.isUp = true));
  } finally {
    stopping.abort();
    await ended;
  }
}

interface Life {
  readonly isUp: boolean;
  readonly stopping: AbortSignal;
}

async function keepRunning(program: Program, { note, fail }: Supervisor, life: Life): Promise<void> {
  const { name, logFile } = program;
  do {
    const said = await runOnce(program, life.stopping);
    if (life.stopping.aborted) return;
    if (!life.isUp) {
      return fail(new CommandError('failed', [`${name} cannot be started (log: ${logFile}):`, ...said].join('\n  ')));
    }
    note(`${name} has ended, and is started again (log: ${logFile})`);
  } while (await pause(life.stopping, pauseMs));
}

/** Runs the program until it ends; returns the last lines that it printed. */
async function runOnce(program: Program, stopping: AbortSignal): Promise<readonly string[]> {
  const child = start(program);
  const said: string[] = [];
  readLines(child, program, (line) => {
    said.push(program.readLine?.(line) ?? line);
    if (said.length > lastLines) said.shift();
  });
  const stop = (): void => void child.kill('SIGTERM');
  stopping.addEventListener('abort', stop, { once: true });
  if (stopping.aborted) stop();
  const closed = once(child, 'close');
  await once(child, 'exit');
  stopping.removeEventListener('abort', stop);
  killGroup(child);
  await closed;
  return said;
}

function start({ command, args, env }: Program): ChildProcess {
  return spawn(process.execPath, [keeperFile, command, ...args], {
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

function readLines(child: ChildProcess, { logFile }: Program, onLine: (line: string) => void): void {
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  child.once('close', () => log.end());
  for (const output of [child.stdout, child.stderr]) {
    if (output === null) continue;
    output.pipe(log, { end: false });
    createInterface({ input: output }).on('line', onLine);
  }
}

/** What a keeper that was killed has left. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left.
  }
}
