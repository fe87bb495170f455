import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { GuardReport } from './guard-report.ts';
import { Tail } from './tail.ts';

export interface ProcessRequest {
  readonly command: string;
  /** Passed as they are: no shell reads them. */
  readonly args: readonly string[];
  /** The whole environment of the command. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** Stops the command; the promise rejects with its reason once the process is gone. */
  readonly signal: AbortSignal;
  /** How much of standard output is kept; its end, where it is longer. */
  readonly outputBytes?: number;
}

export interface ProcessResult {
  readonly outcome: GuardReport;
  /** The end of standard output. */
  readonly stdout: string;
  /** The end of standard error. */
  readonly stderr: string;
  /** Whether standard output was longer than what was kept. */
  readonly isCut: boolean;
}

/** The last lines of a failure fit into this, and so into a workflow's history. */
const tailBytes = 8 * 1024;

/** Between SIGTERM, on which helm marks its release failed, and SIGKILL. */
const stopGraceMs = 5_000;

/** How long an output may stay open after the command's end: something that left its process group may hold it. */
const drainMs = 1_000;

const guardPath = fileURLToPath(new URL('guard.ts', import.meta.url));

/**
 * Runs a command to its end, through a guard so that it dies with this process. Whatever the command does is a result;
 * only `signal` makes this reject, and not before the process is gone.
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  request.signal.throwIfAborted();
  const guard = startGuard(request);
  const stdout = collect(guard.stdout, request.outputBytes ?? tailBytes);
  const stderr = collect(guard.stderr, tailBytes);
  const report = collect(guard.stdio[3], tailBytes);
  const stop = (): void => void guard.kill('SIGTERM');
  request.signal.addEventListener('abort', stop, { once: true });
  try {
    await ended(guard);
  } finally {
    request.signal.removeEventListener('abort', stop);
  }
  request.signal.throwIfAborted();
  return {
    outcome: readReport(report.toString()),
    stdout: stdout.toString(),
    stderr: stderr.toString(),
    isCut: stdout.isCut,
  };
}

function startGuard({ command, args, environment, limitMs }: ProcessRequest): ChildProcess {
  return spawn(process.execPath, [guardPath, String(limitMs), String(stopGraceMs), command, ...args], {
    // A session of its own: signals of the worker's terminal are the worker's to answer.
    detached: true,
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
}

async function ended(guard: ChildProcess): Promise<void> {
  const closed = once(guard, 'close');
  await once(guard, 'exit');
  const drain = Promise.withResolvers<void>();
  const timer = setTimeout(drain.resolve, drainMs);
  await Promise.race([closed, drain.promise]);
  clearTimeout(timer);
  for (const stream of guard.stdio) stream?.destroy();
}

function collect(stream: ChildProcess['stdio'][number] | undefined, limitBytes: number): Tail {
  const tail = new Tail(limitBytes);
  stream?.on('data', (chunk: Buffer) => tail.append(chunk));
  return tail;
}

function readReport(text: string): GuardReport {
  if (text === '') return { kind: 'notStarted', reason: 'its guard ended without a report' };
  // Written by our own guard.
  return JSON.parse(text) as GuardReport;
}
