import type { Experiment } from '../../../core/experiment/experiment.ts';
import { findLimitDoubts } from '../../../core/experiment/metric-range.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** Warns of limits that no version can reach, or that none can keep: often a percent that is read as a share. */
export function warnOfLimits({ objectives, metrics }: Pick<Experiment, 'objectives' | 'metrics'>): ValueIssue[] {
  return objectives.flatMap((objective, index) =>
    findLimitDoubts(objective, metrics).map(({ field, limit, why }) => ({
      path: ['spec', 'criteria', 'objectives', index, field],
      atKey: false,
      expected: 'a limit that tells versions apart',
      got: `${limit}, ${why}`,
    })),
  );
}
