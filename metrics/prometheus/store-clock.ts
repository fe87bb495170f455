import type { Prometheus } from './prometheus.ts';
import { Unmeasured } from '../unmeasured.ts';

/** The store's clock beside the reader's. */
export interface StoreClock {
  /** The store's now, epoch ms. */
  readonly nowMs: number;
  /** The end of ranges that hold every sample which the store has: some stores show their newest only to a later question. */
  readonly endMs: number;
  /** The store's clock less the reader's; 0 where they agree, as far as that can be known. */
  readonly differenceMs: number;
}

/** VictoriaMetrics says its very now in whole seconds, cut off. */
const secondMs = 1000;

/**
 * Asks the store for its time. The moment of the answer lies between two readings of the reader's clock; of the differences that
 * this allows, the smallest is taken, and of two the one that puts the reader's times earlier in the store.
 */
export async function readStoreClock(prometheus: Prometheus, now: () => number): Promise<StoreClock> {
  const clock = await askTime(prometheus, now, {});
  if (clock.differenceMs > -secondMs) return clock;
  return askTime(prometheus, now, { nocache: true }).catch((error: unknown) => {
    if (error instanceof Unmeasured && error.kind === 'error') return clock;
    throw error;
  });
}

async function askTime(
  prometheus: Prometheus,
  now: () => number,
  how: { readonly nocache?: true },
): Promise<StoreClock> {
  const beforeMs = now();
  const [answer] = await prometheus.ask({ query: 'vector(time())', ...how });
  const afterMs = now();
  const seconds = answer?.samples.at(-1)?.value ?? Number.NaN;
  if (!Number.isFinite(seconds)) throw new Unmeasured('error', 'Prometheus does not answer what time it is');
  const nowMs = Math.round(seconds * 1000);
  const latestMs = nowMs % secondMs === 0 ? nowMs + secondMs - 1 : nowMs;
  const agrees = latestMs >= beforeMs && nowMs <= afterMs;
  return { nowMs, endMs: Math.max(nowMs, afterMs), differenceMs: agrees ? 0 : nowMs - afterMs };
}
