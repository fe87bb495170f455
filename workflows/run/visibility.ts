import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributePair } from '@temporalio/common';
import { details } from '../../core/report/web-ui-details.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import { buildReport } from '../../core/report/report-of-state.ts';
import { publicStage } from '../../core/experiment/stage.ts';
import { candidateWeights } from '../../core/planner/experiment-state.ts';
import type { ExperimentState } from '../../core/planner/experiment-state.ts';
import {
  candidateWeightAttribute,
  outcomeAttribute,
  stageAttribute,
  targetAttribute,
} from '../../contract/messages.ts';

/** What the details are rendered of when somebody asks for them. Each workflow has this module to itself. */
let published: ExperimentState | undefined;

/** Publishes the state: details in the Web UI, search attributes (one event, only when one has changed). */
export function publish(before: ExperimentState, after: ExperimentState): void {
  published = after;
  const shown = new Map(searchAttributePairs(before).map(({ key, value }) => [key.name, value]));
  const known = searchAttributePairs(after).filter(({ key }) => after.searchAttributes.includes(key.name));
  const isFirst = before.searchAttributes.length === 0;
  const changed = known.filter(({ key, value }) => isFirst || shown.get(key.name) !== value);
  if (changed.length > 0) upsertSearchAttributes(changed);
}

/** Renders the details of what was published, for the Web UI; no event. */
export function showDetails(): void {
  if (published !== undefined) setCurrentDetails(safeDetails(published));
}

/** An error in text for people must not keep the traffic from being made safe. */
function safeDetails(state: ExperimentState): string {
  try {
    return details(buildReport(state));
  } catch (error) {
    return `These details cannot be shown, an error in serin: ${String(error)}`;
  }
}

function searchAttributePairs(state: ExperimentState): SearchAttributePair[] {
  const { experiment, stage, ending } = state;
  const pairs: SearchAttributePair[] = [{ key: stageAttribute, value: publicStage(stage) }];
  if (experiment !== undefined) {
    pairs.push({ key: targetAttribute, value: formatObjectName(experiment.target) });
    pairs.push({
      key: candidateWeightAttribute,
      value: candidateWeights(state).reduce((sum, weight) => sum + weight, 0),
    });
  }
  if (ending !== undefined) pairs.push({ key: outcomeAttribute, value: ending.outcome });
  return pairs;
}
