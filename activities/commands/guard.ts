/**
 * Runs one command so that it cannot outlive the worker, nor its limit. Run as
 * `node guard.ts LIMIT_MS GRACE_MS COMMAND ARGS…`, with a pipe from the worker as standard input and one to it as file
 * descriptor 3.
 *
 * When standard input ends the worker is gone; then, on SIGTERM, and at the limit, the command's process group gets
 * SIGTERM, and SIGKILL after the grace. A frozen worker cannot hold the limit up. The outcome is written to descriptor 3
 * as one JSON line.
 */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import type { GuardReport } from './guard-report.ts';

const [limitMs, graceMs, command = '', ...args] = process.argv.slice(2);
let isTimedOut = false;
let isStopping = false;

for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', stop);
process.stdin.on('end', stop).on('error', stop).resume();
// Only now, so that no signal can come too early. Its own process group: everything that it starts dies with it.
const child = spawn(command, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
const limit = setTimeout(() => {
  isTimedOut = true;
  stop();
}, Number(limitMs));

child.on('error', (error) => finish({ kind: 'notStarted', reason: error.message }));
child.on('exit', (code, signal) => {
  // What the command left behind in its group must not write later.
  signalGroup('SIGKILL');
  finish({ kind: 'ended', code, signal, isTimedOut });
});

function stop(): void {
  if (isStopping) return;
  isStopping = true;
  signalGroup('SIGTERM');
  setTimeout(() => signalGroup('SIGKILL'), Number(graceMs));
}

function signalGroup(signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is already empty.
  }
}

function finish(report: GuardReport): void {
  clearTimeout(limit);
  try {
    writeSync(3, `${JSON.stringify(report)}\n`);
  } catch {
    // The worker is gone and nobody waits for the report.
  }
  process.exit(0);
}
