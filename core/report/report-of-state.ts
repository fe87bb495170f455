import { allPass } from '../verdicts/assess.ts';
import type { Experiment, Version } from '../experiment/experiment.ts';
import { fails, leaderOf } from '../verdicts/leader.ts';
import type { JudgedReport, Report, VersionReport } from './report.ts';
import { isRacing } from '../planner/candidate-state.ts';
import type { Standing } from '../planner/candidate-state.ts';
import { candidateWeights } from '../planner/experiment-state.ts';
import type { ExperimentState } from '../planner/experiment-state.ts';
import { judgedVersions } from '../experiment/versions.ts';

/** The state as users see it. Before the manifest has been read there is no experiment, and its fields are empty. */
export function reportOf(state: ExperimentState): Report {
  const { experiment } = state;
  const winner = winnerOf(state);
  return {
    schemaVersion: 1,
    workflowId: state.workflowId,
    firstRunId: state.firstRunId,
    ...describeExperiment(state),
    stage: state.stage,
    ...pick(state, ['outcome', 'reason', 'startedAtMs', 'completedAtMs', 'weightReason', 'paused', 'approved']),
    ...pick(state, ['blind', 'waitingFor', 'timeToSafeMs']),
    message: state.message,
    completedIterations: state.iteration,
    ...nextObservation(state),
    ...weightsOf(state),
    ...(state.abort === undefined ? {} : { abortRequested: state.abort }),
    ...gateOf(state),
    ...(winner === undefined ? {} : { winner }),
    recommended: winner ?? experiment?.baseline.name ?? '',
    history: state.history,
    warnings: state.warnings,
  };
}

type ExperimentFacts = Pick<
  Report,
  | 'apiVersion'
  | 'name'
  | 'namespace'
  | 'target'
  | 'testingPattern'
  | 'deploymentPattern'
  | 'baseline'
  | 'reward'
  | 'metrics'
  | 'judged'
  | 'intervalMs'
  | 'iterations'
>;

function describeExperiment({ experiment, images = {}, standings }: ExperimentState): ExperimentFacts {
  const { reward, metrics } = experiment ?? {};
  return {
    apiVersion: experiment?.apiVersion ?? '',
    name: experiment?.name ?? '',
    namespace: experiment?.namespace ?? '',
    target: experiment?.target ?? { namespace: '', name: '' },
    testingPattern: experiment?.testingPattern ?? '',
    deploymentPattern: experiment?.deploymentPattern ?? '',
    baseline: describeVersion(experiment?.baseline, images),
    ...(reward === undefined ? {} : { reward }),
    ...(metrics === undefined ? {} : { metrics }),
    judged: (experiment === undefined ? [] : judgedVersions(experiment)).map((version, index) => ({
      ...describeVersion(version, images),
      ...describeStanding(standings[index]),
    })),
    intervalMs: experiment?.intervalMs ?? 0,
    iterations: experiment?.iterations ?? 0,
  };
}

function describeStanding(standing: Standing | undefined): Omit<JudgedReport, keyof VersionReport> {
  if (standing === undefined) return { suspect: false };
  const { assessment, reward, suspect, out } = standing;
  return {
    ...(assessment === undefined ? {} : { assessment }),
    ...(reward === undefined ? {} : { reward }),
    suspect,
    ...(out === undefined ? {} : { out }),
  };
}

function describeVersion(version: Version | undefined, images: Readonly<Record<string, string>>): VersionReport {
  const known = { name: version?.name ?? '', revision: version?.revision ?? '' };
  const image = images[known.name];
  return image === undefined ? known : { ...known, image };
}

/** Who would win if the run ended now; after it, who has won. */
export function winnerOf({ experiment, standings, outcome, promoted }: ExperimentState): string | undefined {
  if (experiment === undefined) return undefined;
  if (outcome === 'Promoted') return promoted;
  if (outcome === 'RolledBack') return baselineWins(experiment, standings) ? experiment.baseline.name : undefined;
  if (outcome !== undefined && outcome !== 'Concluded') return undefined;
  if (experiment.testingPattern === 'Conformance')
    return conforms(experiment, standings) ? experiment.baseline.name : undefined;
  return (
    leadingCandidate(experiment, standings) ??
    (baselinePasses(experiment, standings) ? experiment.baseline.name : undefined)
  );
}

function conforms({ minSamples }: Experiment, [standing]: readonly Standing[]): boolean {
  return standing?.assessment !== undefined && allPass(standing.assessment, minSamples);
}

/** Among those that satisfy all objectives the best by the reward, or the only one where there is no reward. */
function leadingCandidate(experiment: Experiment, standings: readonly Standing[]): string | undefined {
  const fit = standings.map(({ assessment, reward, ...standing }) => {
    if (assessment === undefined || !isRacing(standing) || !allPass(assessment, experiment.minSamples)) return null;
    return { assessment, ...(reward === undefined ? {} : { reward }) };
  });
  const passing = experiment.candidates.filter((_, index) => fit[index] !== null && fit[index] !== undefined);
  if (experiment.reward === undefined) return passing.length === 1 ? passing[0]?.name : undefined;
  const leader = leaderOf(experiment, fit);
  return leader.kind === 'candidate' ? leader.name : undefined;
}

function baselinePasses({ minSamples }: Experiment, standings: readonly Standing[]): boolean {
  const [assessment] = standings.flatMap((standing) => standing.assessment ?? []);
  if (assessment === undefined || assessment.samples.baseline < minSamples) return false;
  return assessment.objectives.every(({ baseline }) => baseline === 'pass');
}

/** A roll back alone is no victory: the baseline has satisfied the objectives, and every candidate is worse. */
function baselineWins(experiment: Experiment, standings: readonly Standing[]): boolean {
  return baselinePasses(experiment, standings) && standings.every(hasLost);
}

function hasLost({ assessment, reward, ...standing }: Standing): boolean {
  if (!isRacing(standing) || reward?.verdict === 'worse') return true;
  return assessment !== undefined && fails(assessment);
}

function weightsOf(state: ExperimentState): Pick<Report, 'weights'> {
  const candidates = candidateWeights(state);
  const isAlone = state.experiment?.testingPattern === 'Conformance';
  const rest = 100 - candidates.reduce((sum, weight) => sum + weight, 0);
  const baseline = isAlone ? (state.standings[0]?.weight ?? 0) : rest;
  return { weights: { baseline, candidates, confirmed: state.confirmed } };
}

function nextObservation({ experiment, stage, deadlineMs }: ExperimentState): Pick<Report, 'nextAtMs'> {
  if (experiment === undefined || stage !== 'Running' || deadlineMs === 0) return {};
  return { nextAtMs: deadlineMs + experiment.intervalMs };
}

function gateOf({ experiment, gateOpenedAtMs, stage }: ExperimentState): Pick<Report, 'awaitingApproval'> {
  if (experiment === undefined || gateOpenedAtMs === undefined || stage !== 'Running') return {};
  return { awaitingApproval: { sinceMs: gateOpenedAtMs, untilMs: gateOpenedAtMs + experiment.approvalLimitMs } };
}

function pick<K extends keyof ExperimentState>(state: ExperimentState, keys: readonly K[]): Pick<ExperimentState, K> {
  const present = keys.filter((key) => state[key] !== undefined).map((key) => [key, state[key]]);
  // Only keys of the state itself were taken, and absent ones stay absent.
  return Object.fromEntries(present) as Pick<ExperimentState, K>;
}
