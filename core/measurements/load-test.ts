import type { Experiment, Task } from '../experiment/experiment.ts';
import { ownSampleSize } from './sample-size.ts';
import type { Counts } from './measurement.ts';
import { noCounts } from './measurement.ts';
import { allVersions, movesTraffic } from '../experiment/versions.ts';

/**
 * Whether the experiment sends its own load and counts the answers: then its built-in metrics are what was counted, by the
 * version's name, and no back end is asked for them.
 */
export function isLoadTest({ start, loop }: Pick<Experiment, 'start' | 'loop'>): boolean {
  return [...start, ...loop].some((task) => task.kind === 'collect' && !task.loadOnly);
}

/**
 * Whether the versions must be revisions of the target. Not in a conformance test by load alone, whose version is where the load
 * goes: iter8's charts call it as the app. It must where the manifest gives a variable `revision`, or asks to wait for it.
 */
export function needsRevisions(experiment: Experiment): boolean {
  const { baseline, start } = experiment;
  if (movesTraffic(experiment) || !isLoadTest(experiment)) return true;
  return baseline.variables['revision'] !== undefined || start.some(({ kind }) => kind === 'init-experiment');
}

/** Whether the verdicts rest on requests that come in every interval; a load test sends its own when its tasks say so. */
export function restsOnRequests(experiment: Experiment): boolean {
  return !isLoadTest(experiment) && !hasOwnSamples(experiment);
}

/** Whether each metric that the experiment judges by counts samples of its own, so that its requests count for nothing. */
export function hasOwnSamples(experiment: Pick<Experiment, 'objectives' | 'reward' | 'metrics'>): boolean {
  const { objectives, reward } = experiment;
  const judgedBy = [...objectives, ...(reward === undefined ? [] : [reward])].map(({ metric }) => metric);
  return judgedBy.length > 0 && judgedBy.every((metric) => ownSampleSize(metric, experiment) !== undefined);
}

/** The requests of its own that an experiment counts for one version. */
export interface PlannedLoad {
  /** Of the start actions. */
  readonly atStart: number;
  /** Of the loop actions, after each loop. */
  readonly perLoop: number;
}

/** The load that an experiment plans to send to a version, by its name; undefined where it sends none. */
export function plannedLoad(
  { start, loop }: Pick<Experiment, 'start' | 'loop'>,
  versionName: string,
): PlannedLoad | undefined {
  if (!isLoadTest({ start, loop })) return undefined;
  return { atStart: plannedRequests(start, versionName), perLoop: plannedRequests(loop, versionName) };
}

function plannedRequests(tasks: readonly Task[], versionName: string): number {
  const counts = tasks.flatMap((task) => {
    if (task.kind !== 'collect' || task.loadOnly) return [];
    const version = task.versions.find(({ name }) => name === versionName);
    if (version === undefined) return [];
    const { amount } = task;
    return amount.kind === 'requests' ? amount.count : (amount.durationMs / 1000) * version.requestsPerSecond;
  });
  return Math.floor(counts.reduce((sum, count) => sum + count, 0));
}

/** The counts of the load tasks for all versions, the baseline first; `collected` is by the version's name. */
export function collectedCounts(
  experiment: Experiment,
  collected: Readonly<Record<string, Counts>> = {},
): readonly Counts[] {
  return allVersions(experiment).map(({ name }) => collected[name] ?? noCounts);
}
