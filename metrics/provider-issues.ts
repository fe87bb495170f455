import type { Issue } from '../formats/document/issue.ts';
import type { LocatedMetric } from '../formats/metrics/metric.ts';
import { checkSource } from './providers.ts';

/** Finds what only the providers of the metrics can find wrong with them, such as jq expressions that cannot be compiled. */
export async function findProviderIssues(metrics: readonly LocatedMetric[]): Promise<readonly Issue[]> {
  const found = await Promise.all(metrics.map(checkMetric));
  return found.flat();
}

async function checkMetric({ definition, expressionPlace }: LocatedMetric): Promise<readonly Issue[]> {
  if (expressionPlace === undefined) return [];
  const problem = await checkSource(definition.source);
  return problem === undefined ? [] : [{ ...expressionPlace, expected: problem.expected, got: problem.got }];
}
