/**
 * Lets many share the parts of a sandbox, or one take a part away from all: who prepares a run or reads what became of it needs all parts.
 */
export class SharedParts {
  #users = 0;
  #isTaken = false;
  #changed = Promise.withResolvers<void>();

  /** Uses the parts while nobody takes one away. */
  async use<T>(during: () => Promise<T>): Promise<T> {
    await this.#until(() => !this.#isTaken);
    this.#users += 1;
    try {
      return await during();
    } finally {
      this.#users -= 1;
      this.#announce();
    }
  }

  /** Takes a part away when nobody uses it, alone. */
  async take<T>(during: () => Promise<T>): Promise<T> {
    await this.#until(() => !this.#isTaken && this.#users === 0);
    this.#isTaken = true;
    try {
      return await during();
    } finally {
      this.#isTaken = false;
      this.#announce();
    }
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#changed.promise;
  }

  #announce(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
