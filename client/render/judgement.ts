import { formatObjective } from '../../core/report/describe-assessment.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import type { IntervalJudgement } from '../../core/planner/judge-candidate.ts';
import type { Judgements } from '../../core/planner/judge-all.ts';
import { judgedVersions } from '../../core/experiment/versions.ts';

/**
 * One line for each objective with its verdict and reason, then the overall verdict and the reward; by version where several
 * are judged.
 */
export function verdictLines(experiment: Experiment, judgement: Judgements): readonly string[] {
  const versions = judgedVersions(experiment);
  return judgement.flatMap((one, index) => {
    if (one === null) return [];
    return [...(versions.length > 1 ? [`${versions[index]?.name ?? ''}:`] : []), ...versionLines(one)];
  });
}

function versionLines({ assessment, reward }: IntervalJudgement): readonly string[] {
  const { objectives, overall } = assessment;
  return [
    ...objectives.map(({ objective, candidate, reason }) => `${formatObjective(objective)}: ${candidate}, ${reason}`),
    ...(overall === undefined ? [] : [`together: ${overall.verdict}`]),
    ...(reward === undefined ? [] : [`reward: ${reward.verdict}, ${reward.reason}`]),
  ];
}
