import type { Experiment } from '../experiment/experiment.ts';
import type { Counts } from './measurement.ts';
import { noCounts } from './measurement.ts';
import { allVersions } from '../experiment/versions.ts';

/**
 * Whether the experiment sends its own load and counts the answers: then its built-in metrics are what was counted, by the
 * version's name, and no back end is asked for them.
 */
export function isLoadTest({ start, loop }: Pick<Experiment, 'start' | 'loop'>): boolean {
  return [...start, ...loop].some((task) => task.kind === 'collect' && !task.loadOnly);
}

/** The counts of the load tasks for all versions, the baseline first; `collected` is by the version's name. */
export function collectedCounts(
  experiment: Experiment,
  collected: Readonly<Record<string, Counts>> = {},
): readonly Counts[] {
  return allVersions(experiment).map(({ name }) => collected[name] ?? noCounts);
}
