import type { ExperimentOutline } from './experiment-object.ts';

/** The state of a run that cannot be observed. */
export interface Blind {
  readonly kind: 'blind';
  readonly reason: 'TemporalUnreachable' | 'NoWorker' | 'WorkflowTaskFails';
  readonly message: string;
}

interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** What the operator remembers of an Experiment's run between two steps; a restart may forget it. */
class KnownRun {
  /** Whether its workflow was started or found open, and not found closed since. */
  isOpen = false;
  /** The mark of the latest observation of the run. */
  mark: string | undefined;
  isAborted = false;
  /** Why the latest observation of a deleted Experiment's run has failed. */
  blind: Blind | undefined;
  #deletedAtMs: number | undefined;
  #backOffMs = 0;
  #generation: number | undefined;

  see(mark: string | undefined): void {
    this.mark = mark;
    if (mark !== undefined) this.#backOffMs = 0;
  }

  /** After a change of the spec the next observation is a full one, even where the run has done nothing. */
  noticeSpec(generation: number | undefined): void {
    if (generation !== this.#generation) this.mark = undefined;
    this.#generation = generation;
  }

  /** A clock of the ms since the deletion; the first call starts it. */
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

/** How long one call that Temporal has not answered counts for all Experiments. */
const silenceMs = 1_000;

/** What the operator remembers of all Experiments, by their uid. */
export class RunMemory {
  readonly #known = new Map<string, KnownRun>();
  #silence: { readonly found: Blind; readonly untilMs: number } | undefined;

  /** What is known of the object's run; new when nothing is. */
  of({ metadata: { uid } }: ExperimentOutline): KnownRun {
    const known = this.#known.get(uid) ?? new KnownRun();
    this.#known.set(uid, known);
    return known;
  }

  /** Forgets the object's run, and returns what was known of it. */
  take({ metadata: { uid } }: ExperimentOutline): KnownRun | undefined {
    const known = this.#known.get(uid);
    this.#known.delete(uid);
    return known;
  }

  noteSilence(found: Blind): void {
    this.#silence = { found, untilMs: performance.now() + silenceMs };
  }

  /** What was found when Temporal did not answer, within the last second. */
  get silence(): Blind | undefined {
    return this.#silence !== undefined && performance.now() < this.#silence.untilMs ? this.#silence.found : undefined;
  }
}
