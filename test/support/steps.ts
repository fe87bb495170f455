import type { Report } from '../../core/report/report.ts';

/** The candidate's weight in each observed interval, oldest first, percent. */
export function observedWeights({ history }: Report): readonly number[] {
  return history.map(({ weightsBefore: [weight = 0] }) => weight);
}

/** The shortest time from one observation to the next, ms; the first counts from the confirmed first step. */
export function shortestStepMs({ startedAtMs = Number.NaN, history }: Report): number {
  const instants = [startedAtMs, ...history.map(({ atMs }) => atMs)];
  return Math.min(...instants.slice(1).map((atMs, index) => atMs - (instants[index] ?? Number.NaN)));
}
