import { expect, test } from 'vitest';
import { initialCandidateState } from '../../../core/planner/candidate-state.ts';
import { candidateWeights, initialState } from '../../../core/planner/experiment-state.ts';
import {
  adoptSequence,
  confirmWrite,
  leaveUnconfirmed,
  planWrite,
  withTimeToSafe,
} from '../../../core/planner/traffic-transitions.ts';

const state = {
  ...initialState({ workflowId: 'w', firstRunId: 'r' }),
  candidateStates: [initialCandidateState(10)],
};

test('a planned write has a sequence of its own, and is not confirmed before the cluster reports it', () => {
  const planned = planWrite(planWrite(state, 'first step'), 'climbs');
  expect(planned.traffic).toMatchObject({ sequence: 2, confirmed: false, reason: 'climbs' });
  expect(candidateWeights(planned)).toEqual([10]);
});

test('a confirmed write is the traffic', () => {
  const confirmed = confirmWrite(planWrite(state, 'climbs'), { sequence: 1, weights: [20] });
  expect(confirmed.traffic.confirmed).toBe(true);
  expect(candidateWeights(confirmed)).toEqual([20]);
});

test('a write that a later one overtook says nothing about the traffic', () => {
  const overtaken = planWrite(planWrite(state, 'climbs'), 'aborted');
  expect(confirmWrite(overtaken, { sequence: 1, weights: [20] })).toBe(overtaken);
});

test('weights that the cluster has not reported stay unconfirmed', () => {
  const confirmed = confirmWrite(planWrite(state, 'climbs'), { sequence: 1, weights: [20] });
  const unconfirmed = leaveUnconfirmed(confirmed, [30]);
  expect(unconfirmed.traffic.confirmed).toBe(false);
  expect(candidateWeights(unconfirmed)).toEqual([30]);
});

test('the next write follows a later one of this run that was found', () => {
  expect(planWrite(adoptSequence(state, 7), 'again').traffic.sequence).toBe(8);
});

test('the time to safe is kept beside the rest', () => {
  const { traffic } = withTimeToSafe(planWrite(state, 'aborted'), 120);
  expect(traffic).toMatchObject({ sequence: 1, reason: 'aborted', timeToSafeMs: 120 });
});
