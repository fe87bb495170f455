import { allPass } from './assess.ts';
import type { Experiment, Version } from './experiment.ts';
import type { Report, VersionReport } from './report.ts';
import type { ExperimentState } from './state.ts';

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
    ...pick(state, ['blind', 'waitingFor', 'assessment', 'timeToSafeMs']),
    message: state.message,
    completedIterations: state.iteration,
    ...nextObservation(state),
    weights: { baseline: 100 - state.weight, candidate: state.weight, confirmed: state.confirmed },
    ...(state.abort === undefined ? {} : { abortRequested: state.abort }),
    ...gateOf(state),
    suspect: state.suspect,
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
  | 'candidate'
  | 'intervalMs'
  | 'iterations'
>;

function describeExperiment({ experiment, images }: ExperimentState): ExperimentFacts {
  return {
    apiVersion: experiment?.apiVersion ?? '',
    name: experiment?.name ?? '',
    namespace: experiment?.namespace ?? '',
    target: experiment?.target ?? { namespace: '', name: '' },
    testingPattern: experiment?.testingPattern ?? '',
    deploymentPattern: experiment?.deploymentPattern ?? '',
    baseline: describeVersion(experiment?.baseline, images?.baseline),
    candidate: describeVersion(experiment?.candidate, images?.candidate),
    intervalMs: experiment?.intervalMs ?? 0,
    iterations: experiment?.iterations ?? 0,
  };
}

function describeVersion(version: Version | undefined, image: string | undefined): VersionReport {
  const known = { name: version?.name ?? '', revision: version?.revision ?? '' };
  return image === undefined ? known : { ...known, image };
}

/** The version that would be promoted now, by name; undefined while no version satisfies all objectives. */
export function winnerOf({ experiment, assessment, outcome }: ExperimentState): string | undefined {
  if (experiment === undefined) return undefined;
  if (outcome === 'Promoted') return experiment.candidate.name;
  if (outcome !== undefined) return undefined;
  if (assessment === undefined) return undefined;
  if (allPass(assessment, experiment.minSamples)) return experiment.candidate.name;
  return baselinePasses(experiment, assessment) ? experiment.baseline.name : undefined;
}

function baselinePasses(experiment: Experiment, assessment: NonNullable<ExperimentState['assessment']>): boolean {
  if (assessment.samples.baseline < experiment.minSamples) return false;
  return assessment.objectives.every(({ baseline }) => baseline === 'pass');
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
