import { allPass } from '../verdicts/assess.ts';
import type { Experiment, Version } from '../experiment/experiment.ts';
import { fails, findLeader } from '../verdicts/leader.ts';
import type { JudgedReport, Report, VersionReport } from './report.ts';
import { isStillJudged } from '../planner/candidate-state.ts';
import type { CandidateState } from '../planner/candidate-state.ts';
import { candidateWeights } from '../planner/experiment-state.ts';
import type { ExperimentState } from '../planner/experiment-state.ts';
import { judgedVersions } from '../experiment/versions.ts';
import { formatEvent } from '../experiment/event.ts';
import { publicStage } from '../experiment/stage.ts';
import { defined } from '../text/defined.ts';

/** Builds the report of a state. Before the manifest has been read there is no experiment, and its fields are empty. */
export function buildReport(state: ExperimentState): Report {
  const { experiment, ending, clock, traffic, gate, paused, closed, blind, waitingFor } = state;
  const winner = currentWinner(state);
  return {
    schemaVersion: 1,
    workflowId: state.workflowId,
    firstRunId: state.firstRunId,
    ...describeExperiment(state),
    stage: publicStage(state.stage),
    ...defined({ outcome: ending?.outcome, reason: ending?.reason }),
    ...defined({ startedAtMs: clock.startedAtMs, completedAtMs: ending?.atMs, weightReason: traffic.reason }),
    ...defined({
      paused,
      closed: isAdvancing(state) ? closed : undefined,
      approved: gate?.approved,
      blind,
      waitingFor,
      timeToSafeMs: traffic.timeToSafeMs,
    }),
    ...defined({ metricsVisibility: clock.visibility }),
    message: formatEvent(state.event),
    event: state.event,
    completedIterations: state.iteration,
    ...defined({ nextAtMs: nextObservationMs(state), awaitingApproval: reportGate(state), baking: reportBake(state) }),
    ...reportWeights(state),
    ...defined({ abortRequested: state.abort, winner }),
    recommended: winner ?? experiment?.baseline.name ?? '',
    history: state.history,
    warnings: state.warnings,
  };
}

/** Later nothing advances any more that a calendar could hold. */
function isAdvancing({ stage }: ExperimentState): boolean {
  return stage === 'Starting' || stage === 'Running';
}

function reportBake({ experiment, stage, bake }: ExperimentState): Report['baking'] {
  const version = bake && experiment?.candidates[bake.winner]?.name;
  if (bake === undefined || version === undefined || stage !== 'Baking') return undefined;
  const { startedAtMs: sinceMs, untilMs, rejected } = bake;
  return { version, sinceMs, untilMs, ...defined({ rejected }) };
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
  | 'writtenMetrics'
  | 'judged'
  | 'intervalMs'
  | 'iterations'
>;

function describeExperiment({ experiment, preflight, candidateStates }: ExperimentState): ExperimentFacts {
  const { images = {} } = preflight ?? {};
  const { reward, metrics = {}, writtenMetrics } = experiment ?? {};
  return {
    apiVersion: experiment?.apiVersion ?? '',
    name: experiment?.name ?? '',
    namespace: experiment?.namespace ?? '',
    target: experiment?.target ?? { namespace: '', name: '' },
    testingPattern: experiment?.testingPattern ?? '',
    deploymentPattern: experiment?.deploymentPattern ?? '',
    baseline: describeVersion(experiment?.baseline, images),
    ...defined({ reward, metrics: Object.keys(metrics).length === 0 ? undefined : metrics, writtenMetrics }),
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
  return { ...defined({ assessment, reward, out: eliminated }), suspect };
}

function describeVersion(version: Version | undefined, images: Readonly<Record<string, string>>): VersionReport {
  const { name = '', revision = '' } = version ?? {};
  return { name, revision, ...defined({ image: images[name] }) };
}

/** The version that would win if the run ended now, by name; for a run that has ended, the version that has won. */
export function currentWinner(state: ExperimentState): string | undefined {
  const { experiment, candidateStates, ending, promoted } = state;
  const outcome = ending?.outcome;
  if (experiment === undefined) return undefined;
  if (state.stage === 'Baking') return experiment.candidates[state.bake?.winner ?? -1]?.name;
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

/** The best by the reward among the candidates that satisfy all objectives, or the only one where there is no reward. */
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
  if (assessment === undefined) return false;
  if (assessment.objectives.length === 0 && assessment.samples.baseline < minSamples) return false;
  return assessment.objectives.every(({ baseline }) => baseline === 'pass');
}

/** Whether the baseline has won a run that rolled back: it satisfies the objectives, and every candidate has lost. */
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
  return { weights: { baseline, candidates, confirmed: state.traffic.confirmed } };
}

function nextObservationMs({ experiment, stage, clock }: ExperimentState): number | undefined {
  if (experiment === undefined || stage !== 'Running') return undefined;
  return clock.deadlineMs + experiment.intervalMs;
}

function reportGate({ experiment, gate, stage }: ExperimentState): Report['awaitingApproval'] {
  if (experiment === undefined || gate === undefined || stage !== 'Running') return undefined;
  const { approvalLimitMs, approvers, onApprovalLimit } = experiment;
  const version = judgedVersions(experiment)[gate.leader ?? -1]?.name;
  return {
    sinceMs: gate.openedAtMs,
    untilMs: gate.openedAtMs + approvalLimitMs,
    ...defined({ version }),
    ...(onApprovalLimit === 'promote' ? { promotes: true } : {}),
    ...(approvers === undefined ? {} : { approvers, approvals: gate.approvals ?? [] }),
  };
}
