import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { on } from 'node:events';
import pLimit from 'p-limit';
import type { Reply } from './answer-questions.ts';

export interface ProcessLimits {
  /** How many questions are answered at a time; the others wait. */
  readonly processes: number;
  /** Milliseconds for one answer. */
  readonly limitMs: number;
  /** MiB of JavaScript's heap in one process. */
  readonly heapMiB: number;
  /** How long a process is kept for the next question, milliseconds. */
  readonly idleMs: number;
}

/** A question took longer than its time, or more memory than its process may have; nothing else ended for it. */
export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded';
  /** What it took, as a message says it: `more than 5 s`. */
  readonly taken: string;

  constructor(taken: string) {
    super(`it takes ${taken}`);
    this.taken = taken;
  }
}

/**
 * Processes for work on what others wrote: what has no end, or needs too much memory, costs its own answer and stops nothing else.
 * They see nothing of this one's environment. One is kept for the next question for a while, unless its own failed.
 */
export class BoundedProcesses {
  readonly #script: URL;
  readonly #limits: ProcessLimits;
  readonly #inTurn: ReturnType<typeof pLimit>;
  readonly #idle: IdleProcess[] = [];

  /** @param script a module that calls `answerQuestions`. */
  constructor(script: URL, limits: ProcessLimits) {
    this.#script = script;
    this.#limits = limits;
    this.#inTurn = pLimit(limits.processes);
  }

  /** Asks one question. Its time begins when a process is ready for it. Fails as the script does, or as `LimitExceeded`. */
  async ask(question: unknown): Promise<unknown> {
    return this.#inTurn(async () => {
      const child = this.#takeIdle() ?? start(this.#script, this.#limits);
      hold(child);
      try {
        const answer = await answerWithin(this.#limits, child, question);
        this.#keep(child);
        return answer;
      } catch (error) {
        child.kill('SIGKILL');
        throw error;
      } finally {
        release(child);
      }
    });
  }

  /** The process that was used last, so that those which are not needed any more end. */
  #takeIdle(): ChildProcess | undefined {
    const idle = this.#idle.pop();
    if (idle === undefined) return undefined;
    clearTimeout(idle.ending);
    // It may have been killed meanwhile.
    return idle.child.connected ? idle.child : this.#takeIdle();
  }

  #keep(child: ChildProcess): void {
    const end = (): void => {
      this.#idle.splice(
        this.#idle.findIndex((idle) => idle.child === child),
        1,
      );
      child.kill('SIGKILL');
    };
    this.#idle.push({ child, ending: setTimeout(end, this.#limits.idleMs).unref() });
  }
}

interface IdleProcess {
  readonly child: ChildProcess;
  readonly ending: NodeJS.Timeout;
}

function start(script: URL, { heapMiB }: ProcessLimits): ChildProcess {
  return fork(script, {
    execArgv: [`--max-old-space-size=${heapMiB}`],
    env: {},
    serialization: 'advanced',
    // What a process says that runs out of memory is said by `LimitExceeded`.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

/** A process that waits for questions does not keep this one alive; one that answers does. */
function hold(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

function release(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}

async function answerWithin(
  { limitMs, heapMiB }: ProcessLimits,
  child: ChildProcess,
  question: unknown,
): Promise<unknown> {
  const outOfTime = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const replies = on(child, 'message', { signal: outOfTime.signal, close: ['exit'] }) as AsyncIterable<[Reply]>;
  child.send({ question });
  try {
    for await (const [reply] of replies) {
      if (reply.kind === 'answered') return reply.answer;
      if (reply.kind === 'failed') throw reply.error;
      timer = setTimeout(() => outOfTime.abort(), limitMs);
    }
  } catch (error) {
    if (outOfTime.signal.aborted) throw new LimitExceeded(`more than ${limitMs / 1000} s`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
  if (isOutOfMemory(child)) throw new LimitExceeded(`more than ${heapMiB} MiB of memory`);
  throw new Error(`the process ended without an answer: ${child.signalCode ?? `exit code ${child.exitCode}`}`);
}

/** How Node ends for which V8 has no memory left. */
function isOutOfMemory({ signalCode, exitCode }: ChildProcess): boolean {
  return signalCode === 'SIGABRT' || signalCode === 'SIGTRAP' || exitCode === 134;
}
