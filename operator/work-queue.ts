/** When a key is worked on again; undefined: only when it is added again. */
export type Next = { readonly afterMs: number } | undefined;

/**
 * A queue of keys: in the order in which they were added, urgent ones first; up to `concurrency` at the same time, but never
 * one key twice. A key that is added while it is worked on is worked on again.
 */
export class WorkQueue {
  readonly #work: (key: string) => Promise<Next>;
  readonly #concurrency: number;
  readonly #waiting = new Map<string, boolean>();
  readonly #running = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #isStopped = false;

  /** @param work must not fail. */
  constructor(work: (key: string) => Promise<Next>, concurrency: number) {
    this.#work = work;
    this.#concurrency = concurrency;
  }

  add(key: string, { isUrgent = false } = {}): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#waiting.set(key, isUrgent || this.#waiting.get(key) === true);
    this.#proceed();
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting.clear();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #proceed(): void {
    while (this.#running.size < this.#concurrency) {
      const key = this.#nextKey();
      if (key === undefined) return;
      void this.#run(key);
    }
  }

  #nextKey(): string | undefined {
    const ready = [...this.#waiting].filter(([key]) => !this.#running.has(key));
    const [key] = ready.find(([, isUrgent]) => isUrgent) ?? ready[0] ?? [];
    return key;
  }

  async #run(key: string): Promise<void> {
    const isUrgent = this.#waiting.get(key) === true;
    this.#waiting.delete(key);
    this.#running.add(key);
    const next = await this.#work(key);
    this.#running.delete(key);
    if (next !== undefined && !this.#waiting.has(key) && !this.#isStopped) {
      this.#timers.set(
        key,
        setTimeout(() => this.add(key, { isUrgent }), next.afterMs),
      );
    }
    this.#proceed();
  }
}
