import { allPass } from '../verdicts/assess.ts';
import type { Experiment, Version } from '../experiment/experiment.ts';
import { fails, findLeader } from '../verdicts/leader.ts';
import type { JudgedReport, Report, VersionReport } from './report.ts';
import { isStillJudged } from '../planner/candidate-state.ts';
import type { CandidateState } from '../planner/candidate-state.ts';
import { candidateWeights } from '../planner/experiment-state.ts';
import type { ExperimentState } from '../planner/experiment-state.ts';
import { judgedVersions } from '../experiment/versions.ts';
import { defined } from '../text/defined.ts';

/** The state as users see it. Before the manifest has been read there is no experiment, and its fields are empty. */
export function buildReport(state: ExperimentState): Report {
  const { experiment } = state;
  const winner = currentWinner(state);
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
    ...reportWeights(state),
    ...defined({ abortRequested: state.abort }),
    ...reportGate(state),
    ...defined({ winner }),
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

function describeExperiment({ experiment, images = {}, candidateStates }: ExperimentState): ExperimentFacts {
  const { reward, metrics = {} } = experiment ?? {};
  return {
    apiVersion: experiment?.apiVersion ?? '',
    name: experiment?.name ?? '',
    namespace: experiment?.namespace ?? '',
    target: experiment?.target ?? { namespace: '', name: '' },
    testingPattern: experiment?.testingPattern ?? '',
    deploymentPattern: experiment?.deploymentPattern ?? '',
    baseline: describeVersion(experiment?.baseline, images),
    ...defined({ reward }),
    ...(Object.keys(metrics).length === 0 ? {} : { metrics }),
    judged: (experiment === undefined ? [] : judgedVersions(experiment)).map((version, index) => ({
      ...describeVersion(version, images),
      ...describeCandidateState(candidateStates[index]),
    })),
    intervalMs: experiment?.intervalMs ?? 0,
    iterations: experiment?.iterations ?? 0,
  };
}

function describeCandidateState(candidate: CandidateState | undefined): Omit<JudgedReport, keyof VersionReport> {
  if (candidate === undefined) return { suspect: false };
  const { assessment, reward, suspect, eliminated } = candidate;
  return {
    ...defined({ assessment, reward }),
    suspect,
    ...defined({ out: eliminated }),
  };
}

function describeVersion(version: Version | undefined, images: Readonly<Record<string, string>>): VersionReport {
  const known = { name: version?.name ?? '', revision: version?.revision ?? '' };
  const image = images[known.name];
  return image === undefined ? known : { ...known, image };
}

/** Who would win if the run ended now; after it, who has won. */
export function currentWinner({ experiment, candidateStates, outcome, promoted }: ExperimentState): string | undefined {
  if (experiment === undefined) return undefined;
  if (outcome === 'Promoted') return promoted;
  if (outcome === 'RolledBack') return baselineWins(experiment, candidateStates) ? experiment.baseline.name : undefined;
  if (outcome !== undefined && outcome !== 'Concluded') return undefined;
  if (experiment.testingPattern === 'Conformance')
    return conforms(experiment, candidateStates) ? experiment.baseline.name : undefined;
  return (
    leadingCandidate(experiment, candidateStates) ??
    (baselinePasses(experiment, candidateStates) ? experiment.baseline.name : undefined)
  );
}

function conforms({ minSamples }: Experiment, [state]: readonly CandidateState[]): boolean {
  return state?.assessment !== undefined && allPass(state.assessment, minSamples);
}

/** Among those that satisfy all objectives the best by the reward, or the only one where there is no reward. */
function leadingCandidate(experiment: Experiment, states: readonly CandidateState[]): string | undefined {
  const fit = states.map(({ assessment, reward, ...state }) => {
    if (assessment === undefined || !isStillJudged(state) || !allPass(assessment, experiment.minSamples)) return null;
    return { assessment, ...defined({ reward }) };
  });
  const passing = experiment.candidates.filter((_, index) => fit[index] !== null && fit[index] !== undefined);
  if (experiment.reward === undefined) return passing.length === 1 ? passing[0]?.name : undefined;
  const leader = findLeader(experiment, fit);
  return leader.kind === 'candidate' ? leader.name : undefined;
}

function baselinePasses({ minSamples }: Experiment, states: readonly CandidateState[]): boolean {
  const [assessment] = states.flatMap(({ assessment: known }) => known ?? []);
  if (assessment === undefined || assessment.samples.baseline < minSamples) return false;
  return assessment.objectives.every(({ baseline }) => baseline === 'pass');
}

/** A roll back alone is no victory: the baseline has satisfied the objectives, and every candidate is worse. */
function baselineWins(experiment: Experiment, states: readonly CandidateState[]): boolean {
  return baselinePasses(experiment, states) && states.every(hasLost);
}

function hasLost({ assessment, reward, ...state }: CandidateState): boolean {
  if (!isStillJudged(state) || reward?.verdict === 'worse') return true;
  return assessment !== undefined && fails(assessment);
}

function reportWeights(state: ExperimentState): Pick<Report, 'weights'> {
  const candidates = candidateWeights(state);
  const isAlone = state.experiment?.testingPattern === 'Conformance';
  const rest = 100 - candidates.reduce((sum, weight) => sum + weight, 0);
  const baseline = isAlone ? (state.candidateStates[0]?.weight ?? 0) : rest;
  return { weights: { baseline, candidates, confirmed: state.confirmed } };
}

function nextObservation({ experiment, stage, deadlineMs }: ExperimentState): Pick<Report, 'nextAtMs'> {
  if (experiment === undefined || stage !== 'Running' || deadlineMs === 0) return {};
  return { nextAtMs: deadlineMs + experiment.intervalMs };
}

function reportGate({ experiment, gateOpenedAtMs, stage }: ExperimentState): Pick<Report, 'awaitingApproval'> {
  if (experiment === undefined || gateOpenedAtMs === undefined || stage !== 'Running') return {};
  return { awaitingApproval: { sinceMs: gateOpenedAtMs, untilMs: gateOpenedAtMs + experiment.approvalLimitMs } };
}

function pick<K extends keyof ExperimentState>(state: ExperimentState, keys: readonly K[]): Pick<ExperimentState, K> {
  const present = keys.filter((key) => state[key] !== undefined).map((key) => [key, state[key]]);
  // Only keys of the state itself were taken, and absent ones stay absent.
  return Object.fromEntries(present) as Pick<ExperimentState, K>;
}
