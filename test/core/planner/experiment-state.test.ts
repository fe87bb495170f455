import { expect, test } from 'vitest';
import { initialState, withCollected } from '../../../core/planner/experiment-state.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';

test('what load tasks count adds up, of the versions of the experiment and no others', () => {
  const state = { ...initialState({ workflowId: 'w', firstRunId: 'r' }), experiment: anExperiment() };
  const once = withCollected(state, { current: someCounts({ requests: 10 }), elsewhere: someCounts() });
  const twice = withCollected(once, { current: someCounts({ requests: 5 }), candidate: someCounts({ requests: 7 }) });
  const requests = Object.entries(twice.collected ?? {}).map(([name, counts]) => [name, counts.requests]);
  expect(Object.fromEntries(requests)).toEqual({ current: 15, candidate: 7 });
});
