import type { Experiment } from '../experiment/experiment.ts';
import { judgeInterval } from './judge-candidate.ts';
import type { IntervalJudgement } from './judge-candidate.ts';
import { measurementOf } from '../measurements/measurement.ts';
import type { RunMeasurement } from '../measurements/measurement.ts';
import { shareTraffic } from './share-among-candidates.ts';
import { isRacing } from './candidate-state.ts';
import type { Standing } from './candidate-state.ts';

export interface JudgeRoundInput {
  readonly experiment: Experiment;
  readonly measurement: RunMeasurement;
  /** What was known of each judged version before the interval. */
  readonly standings: readonly Pick<Standing, 'weight' | 'totals' | 'evidence' | 'out'>[];
  /** Until then, epoch ms, intervals are measured and shown, but judge nothing. */
  readonly warmUpUntilMs?: number;
  /** False leaves out what only people read. */
  readonly shown?: boolean;
}

/** One judgement for each judged version, in their order; null for those that are out of the race. */
export type RoundJudgement = readonly (IntervalJudgement | null)[];

/** Judges every version that is in the race against the baseline, each by itself, then shares the traffic between them. */
export function judgeRound({ experiment, measurement, standings, ...settings }: JudgeRoundInput): RoundJudgement {
  const { testingPattern } = experiment;
  const judgements = standings.map((standing, index) => {
    if (!isRacing(standing)) return null;
    const { weight, totals, evidence } = standing;
    return judgeInterval({
      experiment,
      measurement: measurementOf(measurement, { testingPattern, index }),
      weight,
      totals,
      ...(evidence === undefined ? {} : { evidence }),
      ...settings,
    });
  });
  return shareTraffic(experiment, standings, judgements);
}
