import type { LagMeans, StoreFindings } from './metrics.ts';

/** For how long a back end must give answers that refuse an experiment: one that restarts, and a proxy before it, give such in passing. */
export const defaultPatienceMs = 15_000;
const pauseMs = 1_000;

/** The first findings without a problem, or those that there are after `patienceMs`. */
export async function settledAnswers(
  ask: () => Promise<StoreFindings>,
  { patienceMs, now, wait }: Pick<LagMeans, 'now' | 'wait'> & { readonly patienceMs: number },
): Promise<StoreFindings> {
  const endMs = now() + patienceMs;
  for (;;) {
    const findings = await ask();
    if (findings.problems.length === 0 || now() >= endMs) return findings;
    await wait(pauseMs);
  }
}
