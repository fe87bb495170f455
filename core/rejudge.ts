import type { Experiment } from './experiment.ts';
import { judgeInterval } from './judge-interval.ts';
import type { IntervalJudgement } from './judge-interval.ts';
import type { Measurement } from './measurement.ts';
import { plan } from './plan.ts';
import type { Plan } from './plan.ts';
import { afterLook, planInputOf, warmUpOf } from './progress.ts';
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
    state = { ...state, weight };
    const judgement = judge(experiment, state, measurement);
    const seen = { experiment, measurement, drift: { kind: 'none', notes: [] }, judgement, nowMs } as const;
    state = afterLook(state, seen);
    const next = plan(planInputOf(state, seen));
    judged.push({
      interval,
      iteration: state.iteration,
      ...(judgement === undefined ? {} : { judgement }),
      plan: next,
    });
    if (isEnd(next)) break;
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

function judge(
  experiment: Experiment,
  state: ExperimentState,
  measurement: Measurement,
): IntervalJudgement | undefined {
  if (measurement.kind === 'blind') return undefined;
  const { totals, weight, evidence } = state;
  const known = evidence === undefined ? {} : { evidence };
  return judgeInterval({ experiment, totals, measurement, weight, ...known, ...warmUpOf(state, experiment) });
}
