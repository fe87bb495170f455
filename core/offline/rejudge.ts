import type { Experiment } from '../experiment/experiment.ts';
import { judgeAll } from '../planner/judge-all.ts';
import type { Judgements } from '../planner/judge-all.ts';
import type { RunMeasurement } from '../measurements/measurement.ts';
import { planNextStep, withPlan } from '../planner/plan-all.ts';
import type { Plan } from '../planner/plan-all.ts';
import { withObservation, buildJudgeInput, buildPlanInput } from '../planner/fold-observation.ts';
import { initialCandidateState } from '../planner/candidate-state.ts';
import { initialState } from '../planner/experiment-state.ts';
import { withWeights } from '../planner/traffic-transitions.ts';
import type { ExperimentState } from '../planner/experiment-state.ts';
import { judgedVersions } from '../experiment/versions.ts';
import { defined } from '../text/defined.ts';

/** One interval as it was measured, and the candidates' weights in it. */
export interface RecordedInterval {
  readonly atMs: number;
  readonly measurement: RunMeasurement;
  readonly weights: readonly number[];
}

/** What an experiment makes of one recorded interval. */
export interface RejudgedInterval {
  readonly interval: RecordedInterval;
  /** Completed iterations, this one included if it counts. */
  readonly iteration: number;
  /** Absent while the metrics were out of sight. */
  readonly judgement?: Judgements;
  readonly plan: Plan;
}

/**
 * Judges recorded intervals anew, by the functions that decide a real run, until the experiment would end. The weights are those of
 * the record: what another weight would have measured, nobody knows. People, cluster and warm-up are taken to be undisturbed.
 */
export function rejudge(experiment: Experiment, intervals: readonly RecordedInterval[]): readonly RejudgedInterval[] {
  const judged: RejudgedInterval[] = [];
  let state = stateBefore(experiment, intervals);
  for (const interval of intervals) {
    const { atMs: nowMs, measurement, weights } = interval;
    const observation = observeUndisturbed(withWeights(state, weights), { experiment, measurement, nowMs });
    state = withPlan(observation.state, observation.plan);
    const { judgement, plan } = observation;
    judged.push({ interval, iteration: state.iteration, ...defined({ judgement }), plan });
    if (isEnd(plan)) break;
  }
  return judged;
}

/** Whether the run would end here, or wait for a person. */
export function isEnd({ kind }: Plan): boolean {
  return kind !== 'hold' && kind !== 'shift';
}

function stateBefore(experiment: Experiment, [first]: readonly RecordedInterval[]): ExperimentState {
  const measurement = first?.measurement;
  const startedAtMs = measurement?.kind === 'measured' ? measurement.fromMs : (first?.atMs ?? 0);
  const candidateStates = judgedVersions(experiment).map(() => initialCandidateState());
  return { ...undisturbedState({ startedAtMs }), candidateStates };
}

/** A run whose first step was taken and reported, outside of Temporal. */
export function undisturbedState({ startedAtMs }: { readonly startedAtMs: number }): ExperimentState {
  const state = initialState({ workflowId: 'offline', firstRunId: 'offline' });
  return { ...state, traffic: { ...state.traffic, confirmed: true }, clock: { ...state.clock, startedAtMs } };
}

export interface UndisturbedObservation {
  readonly experiment: Experiment;
  readonly measurement: RunMeasurement;
  readonly nowMs: number;
  /** False leaves out what only people read. */
  readonly shown?: boolean;
}

/** One look at metrics alone, by the functions of a real run: nobody has touched the target. */
export function observeUndisturbed(
  before: ExperimentState,
  { experiment, measurement, nowMs, shown = true }: UndisturbedObservation,
): { readonly state: ExperimentState; readonly judgement: Judgements | undefined; readonly plan: Plan } {
  const input = { ...buildJudgeInput(before, experiment, measurement), shown };
  const judgement = measurement.kind === 'blind' ? undefined : judgeAll(input);
  const observed = { experiment, measurement, drifts: [], judgement, nowMs };
  const state = withObservation(before, observed);
  return { state, judgement, plan: planNextStep(buildPlanInput(state, observed)) };
}
