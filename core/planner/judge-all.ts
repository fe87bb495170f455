import { defined } from '../text/defined.ts';
import { withBoundsPerCandidate } from '../experiment/analysis-rules.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { judgeInterval } from './judge-candidate.ts';
import type { IntervalJudgement } from './judge-candidate.ts';
import { versionMeasurement } from '../measurements/measurement.ts';
import type { RunMeasurement } from '../measurements/measurement.ts';
import { shareTraffic } from './share-among-candidates.ts';
import { isStillJudged } from './candidate-state.ts';
import type { CandidateState } from './candidate-state.ts';

/** An interval, and what was known of each judged version before it. */
export interface JudgeAllInput {
  readonly experiment: Experiment;
  readonly measurement: RunMeasurement;
  /** What was known of each judged version before the interval. */
  readonly candidateStates: readonly Pick<CandidateState, 'weight' | 'totals' | 'evidence' | 'eliminated'>[];
  /** The end of the warm-up, epoch ms: intervals that begin earlier are measured and shown, but not judged. */
  readonly warmUpUntilMs?: number;
  /** False leaves out what only people read. */
  readonly shown?: boolean;
}

/** One judgement for each judged version, in their order; null for those that were eliminated. */
export type Judgements = readonly (IntervalJudgement | null)[];

/**
 * Judges every version that is not eliminated against the baseline, each by itself and by its part of the error bound, then shares the
 * traffic between them.
 */
export function judgeAll({ experiment, measurement, candidateStates, ...settings }: JudgeAllInput): Judgements {
  const { testingPattern } = experiment;
  const judged = withBoundsPerCandidate(experiment);
  const judgements = candidateStates.map((candidate, index) => {
    if (!isStillJudged(candidate)) return null;
    const { weight, totals, evidence } = candidate;
    return judgeInterval({
      experiment: judged,
      measurement: versionMeasurement(measurement, { testingPattern, index }),
      weight,
      totals,
      ...defined({ evidence }),
      ...settings,
    });
  });
  return shareTraffic(experiment, candidateStates, judgements);
}
