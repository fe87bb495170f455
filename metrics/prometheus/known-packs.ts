import { settleMs } from './lateness.ts';
import type { Pack } from './packs.ts';

/**
 * How long only the known kinds are asked for. What else begins meanwhile is found before its first samples are settled, so that all of
 * it is counted.
 */
const lifeMs = settleMs / 2;

/** More entries than this are looked through for old ones. */
const manyTargets = 1_000;

/** Whose request metrics are asked for, and when; epoch ms by the store's clock. */
export interface Asked {
  readonly namespace: string;
  readonly revisions: readonly string[];
  readonly toMs: number;
}

interface Entry {
  readonly foundAtMs: number;
  readonly packs: readonly Pack[];
}

/** Remembers which kinds of request metrics targets have, of the many that there are. */
export class KnownPacks {
  readonly #entries = new Map<string, Entry>();

  /** The kinds that the revisions had a while ago; undefined where all must be asked for. */
  recall(asked: Asked): readonly Pack[] | undefined {
    const entry = this.#entries.get(nameTarget(asked));
    return entry !== undefined && isFresh(entry, asked) ? entry.packs : undefined;
  }

  /** Notes the kinds that were found when all were asked for. */
  note(asked: Asked, packs: readonly Pack[]): void {
    if (this.#entries.size >= manyTargets) this.#forgetOld(asked);
    this.#entries.set(nameTarget(asked), { foundAtMs: asked.toMs, packs });
  }

  #forgetOld(asked: Asked): void {
    for (const [name, entry] of this.#entries) if (!isFresh(entry, asked)) this.#entries.delete(name);
  }
}

function isFresh({ foundAtMs }: Entry, { toMs }: Asked): boolean {
  return Math.abs(toMs - foundAtMs) < lifeMs;
}

function nameTarget({ namespace, revisions }: Asked): string {
  return JSON.stringify([namespace, ...revisions]);
}
