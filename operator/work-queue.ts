import { NamespaceTurns } from './namespace-turns.ts';

/** When a key is worked on again; undefined: only when it is added again. */
export type Next = { readonly afterMs: number } | undefined;

export interface WorkQueueOptions {
  /** Keys that are worked on at the same time. */
  readonly concurrency: number;
  /** Those of one namespace among them: the rest is free for other namespaces, even where the work takes long. */
  readonly namespaceConcurrency: number;
  readonly namespaceOf: (key: string) => string;
}

/**
 * A queue of keys that serves namespaces in turn, the keys of each in the order in which they were added. Urgent ones come
 * first, but do not hold up the others: after each an ordinary one is served. Never works on one key twice at the same time;
 * one that is added while it is worked on is worked on again.
 */
export class WorkQueue {
  readonly #work: (key: string) => Promise<Next>;
  readonly #options: WorkQueueOptions;
  readonly #urgent: NamespaceTurns<string>;
  readonly #ordinary: NamespaceTurns<string>;
  readonly #running = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #wasUrgent = false;
  #isStopped = false;

  /** @param work must not fail. */
  constructor(work: (key: string) => Promise<Next>, options: WorkQueueOptions) {
    this.#work = work;
    this.#options = options;
    this.#urgent = new NamespaceTurns(options.namespaceOf);
    this.#ordinary = new NamespaceTurns(options.namespaceOf);
  }

  add(key: string, { isUrgent = false } = {}): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (isUrgent) this.#ordinary.delete(key);
    if (isUrgent || this.#urgent.has(key)) this.#urgent.add(key);
    else this.#ordinary.add(key);
    this.#proceed();
  }

  stop(): void {
    this.#isStopped = true;
    this.#urgent.clear();
    this.#ordinary.clear();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #proceed(): void {
    while (this.#running.size < this.#options.concurrency) {
      const key = this.#takeKey();
      if (key === undefined) return;
      void this.#run(key, this.#wasUrgent);
    }
  }

  #takeKey(): string | undefined {
    const { namespaceConcurrency, namespaceOf } = this.#options;
    const busy = Map.groupBy(this.#running, namespaceOf);
    const isReady = (key: string): boolean => {
      const running = busy.get(namespaceOf(key)) ?? [];
      return running.length < namespaceConcurrency && !running.includes(key);
    };
    for (const isUrgent of [!this.#wasUrgent, this.#wasUrgent]) {
      const key = (isUrgent ? this.#urgent : this.#ordinary).take(isReady);
      if (key === undefined) continue;
      this.#wasUrgent = isUrgent;
      return key;
    }
    return undefined;
  }

  async #run(key: string, isUrgent: boolean): Promise<void> {
    this.#running.add(key);
    const next = await this.#work(key);
    this.#running.delete(key);
    if (next !== undefined && !this.#isWaiting(key) && !this.#isStopped) {
      this.#timers.set(
        key,
        setTimeout(() => this.add(key, { isUrgent }), next.afterMs),
      );
    }
    this.#proceed();
  }

  #isWaiting(key: string): boolean {
    return this.#urgent.has(key) || this.#ordinary.has(key);
  }
}
