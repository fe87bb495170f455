import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import type { Reply } from './answer-questions.ts';

export interface ThreadLimits {
  /** How many questions are answered at a time; the others wait. */
  readonly threads: number;
  /** Milliseconds for one answer. */
  readonly limitMs: number;
  /** MiB of JavaScript's heap in one thread. */
  readonly heapMiB: number;
}

/** A question took longer than its time, or more memory than its thread has; only its own thread ended for it. */
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
 * Threads for work on what others wrote: what has no end, or needs too much memory, costs its own answer and stops nothing else.
 * A thread is kept for the next question unless its own failed.
 */
export class BoundedThreads {
  readonly #script: URL;
  readonly #limits: ThreadLimits;
  readonly #inTurn: ReturnType<typeof pLimit>;
  readonly #idle: Worker[] = [];

  /** @param script a module that calls `answerQuestions`. */
  constructor(script: URL, limits: ThreadLimits) {
    this.#script = script;
    this.#limits = limits;
    this.#inTurn = pLimit(limits.threads);
  }

  /** Asks one question. Its time begins when a thread is ready for it. Fails as the script does, or as `LimitExceeded`. */
  async ask(question: unknown): Promise<unknown> {
    return this.#inTurn(async () => {
      const thread = this.#idle.pop() ?? new Worker(this.#script, resources(this.#limits));
      thread.ref();
      try {
        const answer = await answerWithin(this.#limits, thread, question);
        this.#idle.push(thread);
        return answer;
      } catch (error) {
        await thread.terminate();
        throw error;
      } finally {
        // A thread that waits for questions does not keep the process alive.
        thread.unref();
      }
    });
  }
}

function resources({ heapMiB }: ThreadLimits): ConstructorParameters<typeof Worker>[1] {
  return { resourceLimits: { maxOldGenerationSizeMb: heapMiB } };
}

async function answerWithin({ limitMs, heapMiB }: ThreadLimits, thread: Worker, question: unknown): Promise<unknown> {
  const outOfTime = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const replies = on(thread, 'message', { signal: outOfTime.signal, close: ['exit'] }) as AsyncIterable<[Reply]>;
  thread.postMessage(question);
  try {
    for await (const [reply] of replies) {
      if (reply.kind === 'answered') return reply.answer;
      if (reply.kind === 'failed') throw reply.error;
      timer = setTimeout(() => outOfTime.abort(), limitMs);
    }
    throw new Error('the thread ended without an answer');
  } catch (error) {
    if (outOfTime.signal.aborted) throw new LimitExceeded(`more than ${limitMs / 1000} s`);
    if (isOutOfMemory(error)) throw new LimitExceeded(`more than ${heapMiB} MiB of memory`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
