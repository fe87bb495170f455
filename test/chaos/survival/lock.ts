/**
 * Lets many share the parts of a sandbox, or one take a part away from all: who prepares a run or reads what became of it needs all parts.
 * Each is served in the order of the calls.
 */
export class SharedParts {
  /** Never rejects. */
  #lastTaking: Promise<unknown> = Promise.resolve();
  /** Ends when nobody uses the parts of those who have come so far. Never rejects. */
  #uses: Promise<unknown> = Promise.resolve();

  /** Uses the parts while nobody takes one away. */
  use<T>(during: () => Promise<T>): Promise<T> {
    const using = this.#lastTaking.then(during);
    this.#uses = Promise.allSettled([this.#uses, using]);
    return using;
  }

  /** Takes a part away when nobody uses it, alone. */
  take<T>(during: () => Promise<T>): Promise<T> {
    const taking = Promise.allSettled([this.#lastTaking, this.#uses]).then(during);
    this.#lastTaking = Promise.allSettled([taking]);
    return taking;
  }
}
