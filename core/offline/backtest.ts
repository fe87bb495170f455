import type { Experiment } from '../experiment/experiment.ts';
import type { Plan } from '../planner/plan-all.ts';
import { isEnd, rejudge } from './rejudge.ts';
import type { RecordedInterval, RejudgedInterval } from './rejudge.ts';

/** A run as it was measured, and the criteria by which it was judged. */
export interface RecordedRun {
  readonly experiment: Experiment;
  readonly intervals: readonly RecordedInterval[];
}

/** How a run ends by some criteria: as far as the record goes. */
export interface JudgedEnd {
  readonly kind: Plan['kind'] | 'none' | 'open';
  /** Completed iterations at the end. */
  readonly iteration: number;
  readonly words: string;
}

/** A recorded run by its own criteria, and by other ones. */
export interface Backtest {
  readonly recorded: JudgedEnd;
  readonly rejudged: JudgedEnd;
  readonly isChanged: boolean;
  /** The intervals by the other criteria, until the run would end. */
  readonly intervals: readonly RejudgedInterval[];
}

/** Judges the intervals of a record twice: by its own criteria, and by changed ones. */
export function backtest({ experiment, intervals }: RecordedRun, changed: Experiment): Backtest {
  const criteria = { ...changed, correlations: changed.objectives.map(() => null) };
  const after = rejudge(criteria, intervals);
  const [recorded, rejudged] = [describeEnd(rejudge(experiment, intervals)), describeEnd(after)];
  const isChanged = recorded.kind !== rejudged.kind || recorded.iteration !== rejudged.iteration;
  return { recorded, rejudged, isChanged, intervals: after };
}

function describeEnd(judged: readonly RejudgedInterval[]): JudgedEnd {
  const last = judged.at(-1);
  if (last === undefined) return { kind: 'none', iteration: 0, words: 'nothing was observed' };
  const { plan, iteration } = last;
  if (!isEnd(plan))
    return { kind: 'open', iteration, words: `no decision by the end of the record, iteration ${iteration}` };
  return { kind: plan.kind, iteration, words: `iteration ${iteration} ${planWords(plan)}` };
}

const words = {
  hold: 'goes on',
  shift: 'goes on',
  openGate: 'waits for a person',
  promote: 'promotes',
  rollBack: 'rolls back',
  stop: 'stops',
  conclude: 'concludes',
} as const satisfies Readonly<Record<Plan['kind'], string>>;

/** What a plan does, and why: `rolls back: failed: error-rate …`. */
export function planWords(plan: Plan): string {
  return `${words[plan.kind]}: ${plan.reason}`;
}
