import type { Report } from '../../core/report/report.ts';

/** The candidate's weight in each observed interval, oldest first, percent. */
export function observedWeights({ history }: Report): readonly number[] {
  return history.map(({ weightsBefore: [weight = 0] }) => weight);
}

/**
 * The candidate's weight in each iteration, oldest first, percent. An interval that completed none (blind, say, since a busy machine
 * scraped late) is no iteration.
 */
export function iterationWeights({ history }: Report): readonly number[] {
  return history
    .filter(({ iteration }, index) => iteration > (history[index - 1]?.iteration ?? 0))
    .map(({ weightsBefore: [weight = 0] }) => weight);
}

/** The shortest time from one observation to the next, ms; the first counts from the confirmed first step. */
export function shortestStepMs({ startedAtMs = Number.NaN, history }: Report): number {
  const instants = [startedAtMs, ...history.map(({ atMs }) => atMs)];
  return Math.min(...instants.slice(1).map((atMs, index) => atMs - (instants[index] ?? Number.NaN)));
}
