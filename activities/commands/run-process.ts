import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { GuardReport } from './guard-report.ts';
import { signalMarked } from './strays.ts';

export interface ProcessRequest {
  readonly command: string;
  /** Passed as they are: no shell reads them. */
  readonly args: readonly string[];
  /** The whole environment of the command. */
  readonly environment: Readonly<Record<string, string>>;
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

const guardPath = fileURLToPath(new URL('guard.ts', import.meta.url));

/**
 * Runs a command to its end, through a guard so that it dies with this process. A command that fails is a result too;
 * only `signal` makes this reject, and not before the process is gone.
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  request.signal.throwIfAborted();
  const mark = randomUUID();
  const guard = startGuard(request, mark);
  const stop = (): void => void guard.kill('SIGTERM');
  request.signal.addEventListener('abort', stop, { once: true });
  try {
    const text = await readOutput(guard);
    request.signal.throwIfAborted();
    return text === '' ? loseGuard(mark) : readReport(text);
  } finally {
    request.signal.removeEventListener('abort', stop);
  }
}

function startGuard(
  { command, args, environment, limitMs, outputBytes = defaultOutputBytes }: ProcessRequest,
  mark: string,
): ChildProcess {
  const limits = [limitMs, stopGraceMs, outputBytes].map((value) => String(Math.ceil(value)));
  return spawn(process.execPath, [guardPath, ...limits, mark, command, ...args], {
    // A session of its own: signals of the worker's terminal are the worker's to answer.
    detached: true,
    env: { ...environment },
    // The guard's own standard error is the worker's: it is empty, or a bug.
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function readOutput(guard: ChildProcess): Promise<string> {
  const chunks: Buffer[] = [];
  guard.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(guard, 'close');
  return Buffer.concat(chunks).toString('utf8');
}

/** Nobody knows how a command went whose guard was killed; what is left of it is ended. */
function loseGuard(mark: string): GuardReport {
  signalMarked(mark, 'SIGKILL');
  return { outcome: { kind: 'unknown' }, stdout: '', stderr: '', isCut: false };
}

function readReport(text: string): GuardReport {
  // Written by our own guard.
  return JSON.parse(text) as GuardReport;
}
