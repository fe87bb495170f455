/**
 * Runs `work` for the keys of objects: for each key one run at a time, again after a failure, and again when the key was
 * added during a run.
 */
export class KeyQueue {
  readonly #work: (key: string) => Promise<void>;
  readonly #retryDelayMs: number;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  #isStopped = false;

  constructor(work: (key: string) => Promise<void>, retryDelayMs = 500) {
    this.#work = work;
    this.#retryDelayMs = retryDelayMs;
  }

  add(key: string): void {
    if (this.#isStopped) return;
    this.#waiting.add(key);
    if (!this.#running.has(key)) void this.#drain(key);
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting.clear();
  }

  async #drain(key: string): Promise<void> {
    this.#running.add(key);
    while (this.#waiting.delete(key)) {
      try {
        await this.#work(key);
      } catch {
        // The API server is away or another writer was faster: try again, with the object as it is then.
        setTimeout(() => this.add(key), this.#retryDelayMs);
      }
    }
    this.#running.delete(key);
  }
}

/** The key of an object in a `KeyQueue`: `namespace/name`. */
export function objectKey({
  metadata,
}: {
  readonly metadata?: { readonly namespace?: string; readonly name?: string };
}): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}

/** The namespace and name in a key. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
