import type { Experiment } from './experiment.ts';
import { judgeInterval } from './judge-interval.ts';
import type { IntervalJudgement } from './judge-interval.ts';
import type { Measurement } from './measurement.ts';
import { plan } from './plan.ts';
import type { Plan } from './plan.ts';
import { afterLook, judgeInputOf, planInputOf } from './progress.ts';
import { initialState } from './state.ts';
import type { ExperimentState } from './state.ts';

/** One interval as it was measured, and the candidate's weight in it. */
export interface RecordedInterval {
  readonly atMs: number;
  readonly measurement: Measurement;
  readonly weight: number;
}

/** What an experiment makes of one recorded interval. */
export interface RejudgedInterval {
  readonly interval: RecordedInterval;
  /** Completed iterations, this one included if it counts. */
  readonly iteration: number;
  /** Absent while the metrics were out of sight. */
  readonly judgement?: IntervalJudgement;
  readonly plan: Plan;
}

/**
 * Judges recorded intervals anew, by the functions that decide a real run, until the experiment would end. The weights are those of
 * the record: what another weight would have measured, nobody knows. People, cluster and warm-up are taken to be undisturbed.
 */
export function rejudge(experiment: Experiment, intervals: readonly RecordedInterval[]): readonly RejudgedInterval[] {
  const judged: RejudgedInterval[] = [];
  let state = stateBefore(intervals);
  for (const interval of intervals) {
    const { atMs: nowMs, measurement, weight } = interval;
    const look = lookUndisturbed({ ...state, weight }, { experiment, measurement, nowMs });
    state = look.state;
    const { judgement, plan } = look;
    judged.push({ interval, iteration: state.iteration, ...(judgement === undefined ? {} : { judgement }), plan });
    if (isEnd(plan)) break;
  }
  return judged;
}

/** Whether the run would end here, or wait for a person. */
export function isEnd({ kind }: Plan): boolean {
  return kind === 'promote' || kind === 'rollBack' || kind === 'stop' || kind === 'openGate';
}

function stateBefore([first]: readonly RecordedInterval[]): ExperimentState {
  const measurement = first?.measurement;
  const startedAtMs = measurement?.kind === 'measured' ? measurement.fromMs : (first?.atMs ?? 0);
  return { ...initialState({ workflowId: 'record', firstRunId: 'record' }), confirmed: true, startedAtMs };
}

export interface UndisturbedLook {
  readonly experiment: Experiment;
  readonly measurement: Measurement;
  readonly nowMs: number;
  /** False leaves out what only people read. */
  readonly shown?: boolean;
}

/** One look at metrics alone, by the functions of a real run: nobody has touched the target. */
export function lookUndisturbed(
  before: ExperimentState,
  { experiment, measurement, nowMs, shown = true }: UndisturbedLook,
): { readonly state: ExperimentState; readonly judgement: IntervalJudgement | undefined; readonly plan: Plan } {
  const input = { ...judgeInputOf(before, experiment, measurement), shown };
  const judgement = measurement.kind === 'blind' ? undefined : judgeInterval(input);
  const seen = { experiment, measurement, drift: { kind: 'none', notes: [] }, judgement, nowMs } as const;
  const state = afterLook(before, seen);
  return { state, judgement, plan: plan(planInputOf(state, seen)) };
}
