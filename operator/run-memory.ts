import type { ExperimentObject } from './experiment-object.ts';

/** Nobody tells how far it is. */
export interface Blind {
  readonly kind: 'blind';
  readonly reason: 'TemporalUnreachable' | 'NoWorker';
  readonly message: string;
}

interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** What the operator remembers of an Experiment between two looks; nothing of it is missed after a restart. */
class KnownRun {
  /** Its workflow was started or seen open, and not seen closed since. */
  isOpen = false;
  /** What the latest look at its run has shown. */
  mark: string | undefined;
  isAborted = false;
  /** Why the latest look at the run of a deleted Experiment has shown nothing. */
  blind: Blind | undefined;
  #deletedAtMs: number | undefined;
  #backOffMs = 0;
  #generation: number | undefined;

  see(mark: string | undefined): void {
    this.mark = mark;
    if (mark !== undefined) this.#backOffMs = 0;
  }

  /** After a change of the spec the next look is a close one, even where the run has done nothing. */
  noticeSpec(generation: number | undefined): void {
    if (generation !== this.#generation) this.mark = undefined;
    this.#generation = generation;
  }

  /** Tells how long ago the deletion was seen first, in ms; the first call is when. */
  sinceDeletion(): () => number {
    const deletedAtMs = (this.#deletedAtMs ??= performance.now());
    return () => performance.now() - deletedAtMs;
  }

  /** The next delay: twice the one before, from the first to the longest. */
  backOff({ firstMs, maxMs }: BackOff): number {
    this.#backOffMs = Math.min(maxMs, Math.max(firstMs, this.#backOffMs * 2));
    return this.#backOffMs;
  }
}

/** So long others take it for known that Temporal does not answer. */
const silenceMs = 1_000;

export class RunMemory {
  readonly #known = new Map<string, KnownRun>();
  #silence: { readonly found: Blind; readonly untilMs: number } | undefined;

  of({ metadata: { uid } }: ExperimentObject): KnownRun {
    const known = this.#known.get(uid) ?? new KnownRun();
    this.#known.set(uid, known);
    return known;
  }

  /** Forgets it, and returns what was known. */
  take({ metadata: { uid } }: ExperimentObject): KnownRun | undefined {
    const known = this.#known.get(uid);
    this.#known.delete(uid);
    return known;
  }

  noteSilence(found: Blind): void {
    this.#silence = { found, untilMs: performance.now() + silenceMs };
  }

  /** What was found a moment ago, when Temporal did not answer. */
  get silence(): Blind | undefined {
    return this.#silence !== undefined && performance.now() < this.#silence.untilMs ? this.#silence.found : undefined;
  }
}
