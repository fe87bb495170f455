import { documentOf, weightDocuments, winnerFactsOf } from './task-context.ts';
import type { Moment } from './task-context.ts';

/** What a notification without a body of its own says: iter8's summary, then the experiment. */
export function notificationBody(moment: Moment): string {
  const { winner, version } = moment;
  const summary = {
    winnerFound: winnerFactsOf(moment).winnerFound,
    ...(winner === undefined ? {} : { winner }),
    versionRecommendedForPromotion: version.name,
    lastRecommendedWeights: weightDocuments(moment),
  };
  return JSON.stringify({ summary, experiment: documentOf(moment) });
}

/** The same for people, in a few lines. */
export function notificationText(moment: Moment): string {
  const { experiment, versions, stage, winner, completedIterations } = moment;
  const shares = versions.map(({ name }) => `${name} ${moment.weights[name] ?? 0} %`);
  return [
    `Experiment ${experiment.namespace}/${experiment.name}: ${stage}, ${completedIterations} of ${experiment.iterations} iterations`,
    `Versions: ${shares.join(', ')}`,
    `Winner: ${winner ?? 'not found'}`,
  ].join('\n');
}
