import { expect } from 'vitest';
import type { SampleTarget } from '../../sandbox/index.ts';
import { climb } from '../support/manifest.ts';
import { helmHistory, servedTraffic, startExperiment } from '../support/scenario.ts';
import type { Scenario, ScenarioEnd, ScenarioOptions } from '../support/scenario.ts';
import { iterationWeights, shortestStepMs } from '../support/steps.ts';

const intervalSeconds = 6;

/** Work may end this late before the grid restarts; see core/planner/deadline.ts. */
const toleranceMs = 2000;

/** An experiment of four steps, 10 to 40 %, on the target's own task queue. */
export function startClimb(target: SampleTarget, options: ScenarioOptions = {}): Promise<Scenario> {
  return startExperiment(target, {
    taskQueue: target.name,
    iterations: 4,
    weights: climb,
    intervalSeconds,
    objectives: [{ metric: 'error-rate', upperLimit: '0.01' }],
    ...options,
  });
}

/** The candidate was promoted after all four steps, each of its whole length. */
export async function expectWholeClimb(target: SampleTarget, { status, report }: ScenarioEnd): Promise<void> {
  const { outcome, reason } = report;
  expect({ status, outcome, reason }).toMatchObject({ status: 'completed', outcome: 'Promoted' });
  const reasons = report.history.map((record) => record.reason);
  expect(iterationWeights(report), reasons.join('\n')).toEqual([10, 20, 30, 40]);
  expect(shortestStepMs(report)).toBeGreaterThanOrEqual(intervalSeconds * 1000 - toleranceMs);
  expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
}

/** What became of the revisions that the experiment made of the release, after the two of the deployment. */
export async function addedRevisions(target: SampleTarget): Promise<readonly string[]> {
  return (await helmHistory(target)).slice(2).map(({ status }) => status);
}
