import type { ExperimentObject } from './experiment-object.ts';

interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** What the operator remembers of an Experiment between two looks; nothing of it is missed after a restart. */
class Known {
  /** Its workflow was seen open, and not seen closed since. */
  isOpen = false;
  /** What the latest look at its run has shown. */
  mark: string | undefined;
  /** When it was first seen deleted; of the monotonic clock. */
  deletedAtMs: number | undefined;
  isAborted = false;
  #backOffMs = 0;

  see(mark: string | undefined): void {
    this.mark = mark;
    if (mark !== undefined) this.#backOffMs = 0;
  }

  /** The next delay: twice the one before, from the first to the longest. */
  backOff({ firstMs, maxMs }: BackOff): number {
    this.#backOffMs = Math.min(maxMs, Math.max(firstMs, this.#backOffMs * 2));
    return this.#backOffMs;
  }
}

export class Memory {
  readonly #known = new Map<string, Known>();

  of({ metadata: { uid } }: ExperimentObject): Known {
    const known = this.#known.get(uid) ?? new Known();
    this.#known.set(uid, known);
    return known;
  }

  /** Forgets it, and returns what was known. */
  take({ metadata: { uid } }: ExperimentObject): Known | undefined {
    const known = this.#known.get(uid);
    this.#known.delete(uid);
    return known;
  }
}
