/**
 * Lets many share the parts of a sandbox, or one take a part away from all: who prepares a run or reads what became of it needs all parts.
 * Each is served in the order of the calls.
 */
export class SharedParts {
  /** Never rejects. */
  #lastTaking: Promise<unknown> = Promise.resolve();
  /** Ends when nobody uses the parts of those who have come so far. Never rejects. */
  #uses: Promise<unknown> = Promise.resolve();
  /** When each part was last given back; `performance.now()`, infinite while it is away. */
  readonly #backAt = new Map<string, number>();

  /** Uses the parts while nobody takes one away. */
  use<T>(during: () => Promise<T>): Promise<T> {
    const using = this.#lastTaking.then(during);
    this.#uses = Promise.allSettled([this.#uses, using]);
    return using;
  }

  /** Takes a part away when nobody uses it, alone. */
  take<T>(part: string, during: () => Promise<T>): Promise<T> {
    const taking = Promise.allSettled([this.#lastTaking, this.#uses]).then(() => {
      this.#backAt.set(part, Infinity);
      return during().finally(() => this.#backAt.set(part, performance.now()));
    });
    this.#lastTaking = Promise.allSettled([taking]);
    return taking;
  }

  /** Whether the part has been away since then, whoever took it. */
  wasAway(part: string, sinceMs: number): boolean {
    return (this.#backAt.get(part) ?? -Infinity) >= sinceMs;
  }
}
