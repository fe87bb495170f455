import { contextDocument, weightDocuments, winnerFacts } from './task-context.ts';
import type { TaskContext } from './task-context.ts';
import { defined } from '../text/defined.ts';

/** The default body of a notification, JSON: iter8's summary, then the experiment. */
export function notificationBody(context: TaskContext): string {
  const { winner, version } = context;
  const summary = {
    winnerFound: winnerFacts(context).winnerFound,
    ...defined({ winner }),
    versionRecommendedForPromotion: version.name,
    lastRecommendedWeights: weightDocuments(context),
  };
  return JSON.stringify({ summary, experiment: contextDocument(context) });
}

/** The state of the experiment for people, in a few lines. */
export function notificationText(context: TaskContext): string {
  const { experiment, versions, stage, winner, completedIterations } = context;
  const shares = versions.map(({ name }) => `${name} ${context.weights[name] ?? 0} %`);
  return [
    `Experiment ${experiment.namespace}/${experiment.name}: ${stage}, ${completedIterations} of ${experiment.iterations} iterations`,
    `Versions: ${shares.join(', ')}`,
    `Winner: ${winner ?? 'not found'}`,
  ].join('\n');
}
