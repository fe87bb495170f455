/** A fault of a revision, in force from when it is set until it is cleared. */
export type Fault =
  /** A share of the requests, 0 to 1, is answered with `status` (500): by chance, or as the seed determines. */
  | { readonly kind: 'errors'; readonly rate: number; readonly status?: number; readonly seed?: number }
  /** Every request takes `addedMs` longer, give or take up to `spreadMs` (0), evenly distributed. */
  | { readonly kind: 'latency'; readonly addedMs: number; readonly spreadMs?: number }
  /** A share of the requests (all) is never answered. */
  | { readonly kind: 'hang'; readonly rate?: number }
  /** Its pods are lost and find no room: Knative reports `Ready=False` (Unschedulable) until this is cleared. */
  | { readonly kind: 'unready' }
  /** Its container exits again and again: `Ready=False` (ExitCode1), which this Knative does not take back. */
  | { readonly kind: 'crash' };

export interface FaultyRevision {
  readonly namespace: string;
  readonly revision: string;
}

/** The faults of all revisions. */
export class FaultBoard {
  readonly #faults = new Map<string, readonly Fault[]>();
  readonly #listeners = new Set<(name: FaultyRevision) => void>();

  /** Replaces the revision's faults; an empty list clears them. The revision need not exist yet. */
  set(name: FaultyRevision, faults: readonly Fault[]): void {
    if (faults.length === 0) this.#faults.delete(boardKey(name));
    else this.#faults.set(boardKey(name), faults);
    for (const listener of this.#listeners) listener(name);
  }

  of(name: FaultyRevision): readonly Fault[] {
    return this.#faults.get(boardKey(name)) ?? [];
  }

  onChange(listener: (name: FaultyRevision) => void): void {
    this.#listeners.add(listener);
  }
}

function boardKey({ namespace, revision }: FaultyRevision): string {
  return `${namespace}/${revision}`;
}

const seeded = new WeakMap<Fault, () => number>();

/** Draws a number in [0, 1), by which a fault chooses requests: at random, or by the fault's seed. */
export function drawChance(fault: Fault): number {
  if (fault.kind !== 'errors' || fault.seed === undefined) return Math.random();
  const next = seeded.get(fault) ?? mulberry32(fault.seed);
  seeded.set(fault, next);
  return next();
}

/** T. Ettinger's 32-bit generator mulberry32: numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}
