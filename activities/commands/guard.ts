/**
 * Runs one command so that it cannot outlive the worker, nor exceed its limits of time and memory. Run as `node guard.ts`, with a pipe
 * from the worker as standard input; the first line there is a `GuardRequest`.
 *
 * When standard input ends the worker is gone; then, on SIGTERM, and at the limit of time, the command and all that it has started
 * get SIGTERM, and SIGKILL after the grace; beyond the limit of memory SIGKILL at once. What the command prints is read here and
 * handed over at its end, as one JSON document on standard output: so neither a frozen worker nor one that is gone can hold the
 * command up.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { CommandOutcome, GuardReport } from './guard-report.ts';
import type { GuardRequest } from './guard-request.ts';
import { openLifeline } from './lifeline.ts';
import { markVariable, ProcessFamily } from './process-family.ts';
import { Tail } from './tail.ts';

/** The last lines of a failure fit into this, and so into a workflow's history. */
const errorBytes = 8 * 1024;

/** How long an output may stay open after the command's end: something that was not found may hold it. */
const drainMs = 1_000;

/** The time between two looks at the command's memory. */
const lookMs = 100;

// Until there is a command, nothing has to be ended.
let stop = (): void => process.exit(1);
let isWorkerGone = false;

for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', () => stop());
process.stdin.on('end', loseWorker).on('error', loseWorker);
onFirstLine((line) => guard(JSON.parse(line) as GuardRequest));

function loseWorker(): void {
  isWorkerGone = true;
  stop();
}

/** Not by `readline`, for which a line also ends at characters that JSON leaves as they are. */
function onFirstLine(use: (line: string) => void): void {
  let text = '';
  const read = (chunk: string): void => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end === -1) return;
    process.stdin.off('data', read).resume();
    use(text.slice(0, end));
  };
  process.stdin.setEncoding('utf8').on('data', read);
}

function guard(request: GuardRequest): void {
  const lifeline = openLifeline(request.directory);
  const output = { stdout: new Tail(request.outputBytes), stderr: new Tail(errorBytes) };
  const finish = (outcome: CommandOutcome): void => {
    if (isWorkerGone) rmSync(request.directory, { recursive: true, force: true });
    const { stdout, stderr } = output;
    report({ outcome, stdout: stdout.toString(), stderr: stderr.toString(), isCut: stdout.isCut });
  };
  const child = start(request, lifeline.number);
  if (typeof child === 'string') return finish({ kind: 'notStarted', reason: child });
  child.on('error', (error) => finish({ kind: 'notStarted', reason: error.message }));
  child.stdout?.on('data', (chunk: Buffer) => output.stdout.append(chunk));
  child.stderr?.on('data', (chunk: Buffer) => output.stderr.append(chunk));
  actAs(request);
  const family = new ProcessFamily({ mark: request.mark, lifeline: lifeline.link }, child.pid);
  const bounds = keepBounds(request, family);
  stop = bounds.stop;
  child.on('exit', (code, signal) => {
    bounds.release();
    // What the command left behind must not write later.
    family.kill();
    const end = (): void => finish(bounds.outcome({ code, signal }));
    child.once('close', end);
    setTimeout(end, drainMs);
  });
}

/** Starts the command, or says why that is impossible. */
function start(request: GuardRequest, lifeline: number): ChildProcess | string {
  const { command, args, environment, directory, user, mark } = request;
  try {
    return spawn(command, args, {
      cwd: directory,
      // Its own session: signals to the guard are the guard's to answer.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', lifeline],
      env: { ...environment, [markVariable]: mark },
      ...user,
    });
  } catch (error) {
    return startProblem(error);
  }
}

function startProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!('code' in error) || error.code !== 'E2BIG') return error.message;
  return 'its arguments and environment are together longer than this system takes (E2BIG)';
}

/** From now on with the rights of the command's user: they let it see and end the command without any right over others. */
function actAs({ user }: GuardRequest): void {
  if (user === undefined) return;
  process.setegid?.(user.gid);
  process.seteuid?.(user.uid);
}

interface Bounds {
  readonly stop: () => void;
  /** Ends the watch; the command has ended. */
  readonly release: () => void;
  readonly outcome: (exit: Pick<Extract<CommandOutcome, { kind: 'ended' }>, 'code' | 'signal'>) => CommandOutcome;
}

/** Stops the command at the limits of time and memory. */
function keepBounds({ limitMs, graceMs, memoryBytes }: GuardRequest, family: ProcessFamily): Bounds {
  let isTimedOut = false;
  let isOverMemory = false;
  let killing: NodeJS.Timeout | undefined;
  const stopCommand = (): void => {
    if (killing !== undefined) return;
    killing = setTimeout(() => family.kill(), graceMs);
    family.terminate();
  };
  const limit = setTimeout(() => {
    isTimedOut = true;
    stopCommand();
  }, limitMs);
  const watch = setInterval(() => {
    family.look();
    if (family.memoryBytes <= memoryBytes) return;
    isOverMemory = true;
    family.kill();
  }, lookMs);
  return {
    stop: stopCommand,
    release: () => {
      clearTimeout(limit);
      clearTimeout(killing);
      clearInterval(watch);
    },
    outcome: ({ code, signal }) =>
      isOverMemory ? { kind: 'overMemory', memoryBytes } : { kind: 'ended', code, signal, isTimedOut },
  };
}

function report(document: GuardReport): void {
  // Without a worker nobody reads the report.
  process.stdout.on('error', () => process.exit(0));
  process.stdout.write(JSON.stringify(document), () => process.exit(0));
}
