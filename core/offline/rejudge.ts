import type { Experiment } from '../experiment/experiment.ts';
import { judgeAll } from '../planner/judge-all.ts';
import type { Judgements } from '../planner/judge-all.ts';
import type { RunMeasurement } from '../measurements/measurement.ts';
import { planObserved } from '../planner/plan-observed.ts';
import { withPlan } from '../planner/plan-all.ts';
import type { Plan } from '../planner/plan-all.ts';
import { withObservation, buildJudgeInput } from '../planner/fold-observation.ts';
import { initialCandidateState } from '../planner/candidate-state.ts';
import { initialState } from '../planner/experiment-state.ts';
import { withWeights } from '../planner/traffic-transitions.ts';
import type { ExperimentState } from '../planner/experiment-state.ts';
import { judgedVersions } from '../experiment/versions.ts';
import { defined } from '../text/defined.ts';

/** One interval as it was measured, and the candidates' weights in it, percent. */
export interface RecordedInterval {
  readonly atMs: number;
  readonly measurement: RunMeasurement;
  readonly weights: readonly number[];
  /** Whether the guard had cut it short. */
  readonly isEarly?: boolean;
  /** The index of the candidate that had been promoted by then. */
  readonly promoted?: number;
}

/** One recorded interval with its judgement and the plan that follows. */
export interface RejudgedInterval {
  readonly interval: RecordedInterval;
  /** Completed iterations, this one included if it counts. */
  readonly iteration: number;
  /** Absent while the metrics were blind. */
  readonly judgement?: Judgements;
  readonly plan: Plan;
}

/**
 * Judges recorded intervals anew, with the functions that decide a real run, until the experiment would end. The
 * weights are those of the record, since what another weight would have measured is not known. Requests of people and
 * drift are left out, and so is what was measured after a promotion.
 */
export function rejudge(experiment: Experiment, intervals: readonly RecordedInterval[]): readonly RejudgedInterval[] {
  const judged: RejudgedInterval[] = [];
  let state = stateBefore(experiment, intervals);
  for (const interval of intervals.filter(({ promoted }) => promoted === undefined)) {
    const { atMs: nowMs, measurement, weights, isEarly = false } = interval;
    const observation = observeUndisturbed(withWeights(state, weights), { experiment, measurement, nowMs, isEarly });
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

/** The state of a run outside of Temporal whose first step was taken and confirmed. */
export function undisturbedState({ startedAtMs }: { readonly startedAtMs: number }): ExperimentState {
  const state = initialState({ workflowId: 'offline', firstRunId: 'offline' });
  return { ...state, traffic: { ...state.traffic, confirmed: true }, clock: { ...state.clock, startedAtMs } };
}

/** One interval without requests of people and without drift. */
export interface UndisturbedObservation {
  readonly experiment: Experiment;
  readonly measurement: RunMeasurement;
  readonly nowMs: number;
  /** False leaves out what only people read. */
  readonly shown?: boolean;
  readonly isEarly?: boolean;
}

/**
 * Observes one interval with the functions of a real run, from its metrics alone: the state after it, its judgement
 * unless it was blind, and the plan.
 */
export function observeUndisturbed(
  before: ExperimentState,
  { experiment, measurement, nowMs, shown = true, isEarly = false }: UndisturbedObservation,
): { readonly state: ExperimentState; readonly judgement: Judgements | undefined; readonly plan: Plan } {
  const input = { ...buildJudgeInput(before, experiment), measurement, shown };
  const judgement = measurement.kind === 'blind' ? undefined : judgeAll(input);
  const observed = { experiment, measurement, drifts: [], judgement, nowMs, isEarly };
  const state = withObservation(before, observed);
  return { state, judgement, plan: planObserved(state, observed) };
}
