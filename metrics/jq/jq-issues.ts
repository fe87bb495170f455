import type { Issue } from '../../formats/document/issue.ts';
import type { LocatedMetric } from '../../formats/metrics/metric.ts';
import { compileProblem } from './jq.ts';

/** The jq expressions of the metrics that cannot be compiled. */
export async function findJqIssues(metrics: readonly LocatedMetric[]): Promise<readonly Issue[]> {
  const found = await Promise.all(metrics.map(compileIssues));
  return found.flat();
}

async function compileIssues({ definition: { source }, expressionPlace }: LocatedMetric): Promise<readonly Issue[]> {
  if (source.kind !== 'http' || expressionPlace === undefined) return [];
  const problem = await compileProblem(source.jqExpression);
  return problem === undefined ? [] : [{ ...expressionPlace, expected: 'a jq expression', got: problem }];
}
