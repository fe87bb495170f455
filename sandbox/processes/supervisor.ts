/**
 * The process that owns every program of one sandbox. It is forked by the runner and lives in a session of its own, so a
 * terminal's Ctrl-C reaches the runner only. When the runner ends, however it ends, the channel between them closes;
 * then the supervisor kills all its programs, removes the sandbox's folder and ends.
 *
 * Run as: `node supervisor.ts STATE_DIRECTORY`, with an IPC channel.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import type { Program, SupervisorNotice, SupervisorRequest } from './messages.ts';

const stateDirectory = process.argv[2];
const children = new Map<number, ChildProcess>();
let isStopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
process.on('disconnect', stop);
process.on('message', (request: SupervisorRequest) => {
  switch (request.kind) {
    case 'spawn':
      start(request.id, request.program);
      return;
    case 'signal':
      children.get(request.id)?.kill(request.signal);
      return;
    case 'stop':
      stop();
      return;
  }
});

function start(id: number, program: Program): void {
  if (isStopping) {
    notify({ kind: 'refused', id, message: `${program.name} was not started: the sandbox is stopping` });
    return;
  }
  const log = openSync(program.logFile, 'a');
  // A process group of its own, so that what the program starts itself dies with it at the end.
  const child = spawn(program.command, program.args, {
    env: program.env,
    stdio: ['ignore', log, log],
    detached: true,
    cwd: program.workingDirectory,
  });
  closeSync(log);
  child.once('error', (error) => {
    notify({ kind: 'refused', id, message: `${program.name} could not be started: ${error.message}` });
  });
  child.once('exit', (code, signal) => {
    children.delete(id);
    notify({ kind: 'exited', id, code, signal });
    if (isStopping) endWhenAlone();
  });
  if (child.pid === undefined) return;
  children.set(id, child);
  notify({ kind: 'spawned', id, pid: child.pid });
}

function stop(): void {
  if (isStopping) return;
  isStopping = true;
  for (const child of children.values()) killGroup(child);
  endWhenAlone();
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function endWhenAlone(): void {
  if (children.size > 0) return;
  if (stateDirectory !== undefined) rmSync(stateDirectory, { recursive: true, force: true, maxRetries: 10 });
  process.exit(0);
}

function notify(notice: SupervisorNotice): void {
  if (process.connected) process.send?.(notice);
}
