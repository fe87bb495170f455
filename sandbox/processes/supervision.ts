import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ProcessExit, Program, SupervisorNotice, SupervisorRequest } from './messages.ts';

/** A running program of a sandbox. */
export interface SupervisedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Settles when the program has ended; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Sends the signal to the program itself, not to what it started. */
  signal(signal: NodeJS.Signals): void;
}

/** Starts programs that cannot outlive this process. */
export interface Supervision {
  spawn(program: Program): Promise<SupervisedProcess>;
  /** Kills every program and removes the state directory; returns when nothing is left. */
  stop(): Promise<void>;
}

interface Entry {
  pid?: number;
  readonly started: PromiseWithResolvers<number>;
  readonly exited: PromiseWithResolvers<ProcessExit>;
}

/**
 * Starts a supervisor, which owns the programs of one sandbox and the folder with its state.
 *
 * @param stateDirectory removed when the supervisor ends.
 */
export function startSupervision(stateDirectory: string): Supervision {
  const supervisor = fork(fileURLToPath(new URL('supervisor.ts', import.meta.url)), [stateDirectory], {
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new RemoteSupervision(supervisor, stateDirectory);
}

class RemoteSupervision implements Supervision {
  readonly #supervisor: ChildProcess;
  readonly #stateDirectory: string;
  readonly #entries = new Map<number, Entry>();
  readonly #ended: Promise<unknown>;
  #nextId = 1;

  constructor(supervisor: ChildProcess, stateDirectory: string) {
    this.#supervisor = supervisor;
    this.#stateDirectory = stateDirectory;
    this.#ended = once(supervisor, 'exit').then(() => this.#abandon());
    supervisor.on('message', (notice: SupervisorNotice) => this.#receive(notice));
  }

  async spawn(program: Program): Promise<SupervisedProcess> {
    const id = this.#nextId++;
    const entry: Entry = { started: Promise.withResolvers(), exited: Promise.withResolvers() };
    this.#entries.set(id, entry);
    this.#send({ kind: 'spawn', id, program });
    const pid = await entry.started.promise;
    return {
      name: program.name,
      pid,
      logFile: program.logFile,
      exited: entry.exited.promise,
      signal: (signal) => this.#send({ kind: 'signal', id, signal }),
    };
  }

  async stop(): Promise<void> {
    if (this.#supervisor.connected) this.#send({ kind: 'stop' });
    await this.#ended;
  }

  #send(request: SupervisorRequest): void {
    this.#supervisor.send(request, (error) => {
      // A lost channel shows as the end of the supervisor, which settles what waits here.
      if (error !== null && request.kind === 'spawn') this.#refuse(request.id, error.message);
    });
  }

  #receive(notice: SupervisorNotice): void {
    switch (notice.kind) {
      case 'spawned':
        this.#started(notice.id, notice.pid);
        return;
      case 'refused':
        this.#refuse(notice.id, notice.message);
        return;
      case 'exited':
        this.#entries.get(notice.id)?.exited.resolve({ code: notice.code, signal: notice.signal });
        this.#entries.delete(notice.id);
        return;
    }
  }

  #started(id: number, pid: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.pid = pid;
    entry.started.resolve(pid);
  }

  #refuse(id: number, message: string): void {
    this.#entries.get(id)?.started.reject(new Error(message));
    this.#entries.delete(id);
  }

  /** Cleans up after the supervisor has ended: what it has left, it could not end itself, since it was killed. */
  #abandon(): void {
    for (const { pid, started, exited } of this.#entries.values()) {
      if (pid !== undefined) killGroup(pid);
      started.reject(new Error('the sandbox has stopped'));
      exited.resolve({ code: null, signal: 'SIGKILL' });
    }
    this.#entries.clear();
    rmSync(this.#stateDirectory, { recursive: true, force: true, maxRetries: 10 });
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
