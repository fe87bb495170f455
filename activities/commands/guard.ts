/**
 * Runs one command so that it cannot outlive the worker, nor its limit. Run as
 * `node guard.ts LIMIT_MS GRACE_MS OUTPUT_BYTES MARK COMMAND ARGS…`, with a pipe from the worker as standard input.
 *
 * When standard input ends the worker is gone; then, on SIGTERM, and at the limit, the command's process group, and what has left
 * it but bears the mark in its environment, gets SIGTERM, and SIGKILL after the grace. What the command prints is read here and handed over at its end, as one JSON
 * document on standard output: so neither a frozen worker nor one that is gone can hold the command up.
 */
import { spawn } from 'node:child_process';
import type { GuardReport } from './guard-report.ts';
import { markVariable, signalMarked } from './strays.ts';
import { Tail } from './tail.ts';

/** The last lines of a failure fit into this, and so into a workflow's history. */
const errorBytes = 8 * 1024;

/** How long an output may stay open after the command's end: something that left its process group may hold it. */
const drainMs = 1_000;

const [limitMs, graceMs, outputBytes, mark = '', command = '', ...args] = process.argv.slice(2);
const stdout = new Tail(Number(outputBytes));
const stderr = new Tail(errorBytes);
let isTimedOut = false;
let isStopping = false;

for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', stop);
process.stdin.on('end', stop).on('error', stop).resume();
// Only now, so that no signal can come too early. Its own process group: everything that it starts dies with it.
const child = spawn(command, args, {
  detached: true,
  stdio: ['ignore', 'pipe', 'pipe'],
  env: { ...process.env, [markVariable]: mark },
});
child.stdout.on('data', (chunk: Buffer) => stdout.append(chunk));
child.stderr.on('data', (chunk: Buffer) => stderr.append(chunk));
setTimeout(() => {
  isTimedOut = true;
  stop();
}, Number(limitMs));

child.on('error', (error) => finish({ kind: 'notStarted', reason: error.message }));
child.on('exit', (code, signal) => {
  // What the command left behind must not write later.
  signalAll('SIGKILL');
  const end = (): void => finish({ kind: 'ended', code, signal, isTimedOut });
  child.once('close', end);
  setTimeout(end, drainMs);
});

function stop(): void {
  if (isStopping) return;
  isStopping = true;
  signalAll('SIGTERM');
  setTimeout(() => signalAll('SIGKILL'), Number(graceMs));
}

function signalAll(signal: NodeJS.Signals): void {
  signalGroup(signal);
  signalMarked(mark, signal);
}

function signalGroup(signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is already empty.
  }
}

function finish(outcome: GuardReport['outcome']): void {
  const report: GuardReport = {
    outcome,
    stdout: stdout.toString(),
    stderr: stderr.toString(),
    isCut: stdout.isCut,
  };
  // Without a worker nobody reads the report.
  process.stdout.on('error', () => process.exit(0));
  process.stdout.write(JSON.stringify(report), () => process.exit(0));
}
