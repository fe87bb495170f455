import { NamespaceTurns } from './namespace-turns.ts';

interface Waiting {
  readonly namespace: string;
  readonly begin: () => void;
}

/**
 * Computations that may take long, such as reading a large manifest: one at a time, those of one namespace in turn with
 * others'. After each, everything else in the process has as much time as it took.
 */
export class Computations {
  readonly #waiting = new NamespaceTurns<Waiting>(({ namespace }) => namespace);
  #isBusy = false;

  /** Computes when the turn of the namespace has come. */
  async run<T>(namespace: string, compute: () => T): Promise<T> {
    const { promise: turn, resolve: begin } = Promise.withResolvers<void>();
    this.#waiting.add({ namespace, begin });
    this.#proceed();
    await turn;
    const begunAtMs = performance.now();
    try {
      return compute();
    } finally {
      this.#rest(performance.now() - begunAtMs);
    }
  }

  #proceed(): void {
    if (this.#isBusy) return;
    const next = this.#waiting.take();
    if (next === undefined) return;
    this.#isBusy = true;
    next.begin();
  }

  #rest(ms: number): void {
    setTimeout(() => {
      this.#isBusy = false;
      this.#proceed();
    }, ms);
  }
}
