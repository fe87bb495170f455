import type { Experiment, Version } from './experiment.ts';

type Versions = Pick<Experiment, 'testingPattern' | 'baseline' | 'candidates'>;

/** Whether an experiment writes traffic; a conformance test only observes what serves. */
export function movesTraffic({ testingPattern }: Pick<Experiment, 'testingPattern'>): boolean {
  return testingPattern !== 'Conformance';
}

/** All versions, the baseline first. */
export function allVersions({ baseline, candidates }: Versions): readonly Version[] {
  return [baseline, ...candidates];
}

/**
 * All versions, the baseline first, with the variables that metric queries may use: iter8's `namespace` and
 * `revision`, and those of the manifest.
 */
export function metricVersions(experiment: Experiment): readonly Pick<Version, 'name' | 'variables'>[] {
  const { namespace } = experiment.target;
  return allVersions(experiment).map(({ name, revision, variables }) => {
    return { name, variables: { namespace, revision, ...variables } };
  });
}

/** The candidate at an index that a plan has chosen. */
export function candidateAt({ candidates }: Pick<Experiment, 'candidates'>, index: number): Version {
  const candidate = candidates[index];
  if (candidate === undefined) throw new Error(`there is no candidate ${index} to promote`);
  return candidate;
}

/** The versions that are judged: the candidates, or the only version of a conformance test. */
export function judgedVersions({ testingPattern, baseline, candidates }: Versions): readonly Version[] {
  return testingPattern === 'Conformance' ? [baseline] : candidates;
}

/**
 * The role of a judged version, for messages: `baseline` in a conformance test, else `candidate`, with its name if
 * there are several.
 */
export function judgedRole(experiment: Versions, index: number): string {
  if (experiment.testingPattern === 'Conformance') return 'baseline';
  return experiment.candidates.length === 1 ? 'candidate' : `candidate ${experiment.candidates[index]?.name ?? index}`;
}

/** `app-v1 to app-v2`, for headlines. */
export function versionsText({ baseline, candidates, discovers }: Experiment): string {
  if (discovers) return 'versions as they are found';
  const others = candidates.map(({ revision }) => revision).join(' or ');
  return others === '' ? baseline.revision : `${baseline.revision} to ${others}`;
}

/** The traffic of all versions when the candidates have these percents: the baseline has the rest. */
export function trafficShares({ baseline, candidates }: Versions, weights: readonly number[]): readonly Share[] {
  const ofCandidates = candidates.map(({ revision }, index) => ({ revision, percent: weights[index] ?? 0 }));
  const percent = 100 - ofCandidates.reduce((sum, share) => sum + share.percent, 0);
  return [{ revision: baseline.revision, percent }, ...ofCandidates];
}

/** The candidates' percents when all traffic is on one version. */
export function allOn(experiment: Versions, winner: Version): readonly number[] {
  return experiment.candidates.map(({ name }) => (name === winner.name ? 100 : 0));
}

/** A revision, and the percent of the traffic that it is to get. */
export interface Share {
  readonly revision: string;
  readonly percent: number;
}
