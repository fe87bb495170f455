import { expect, test } from 'vitest';
import type { Checkpoint, RunMeasurement } from '../../../core/measurements/measurement.ts';
import { initialCandidateState } from '../../../core/planner/candidate-state.ts';
import { initialState } from '../../../core/planner/experiment-state.ts';
import type { Clock } from '../../../core/planner/experiment-state.ts';
import { buildJudgeInput, withObservation } from '../../../core/planner/fold-observation.ts';
import { buildReport } from '../../../core/report/report-of-state.ts';
import type { Task } from '../../../core/experiment/task-kinds.ts';
import { aLoad, anExperiment, someCounts } from '../../support/builders.ts';

const checkpoint: Checkpoint = { sinceMs: 1_000, seenMs: 12_000, counted: [someCounts(), someCounts()] };
const measured: RunMeasurement = {
  kind: 'measured',
  fromMs: 0,
  toMs: 11_000,
  baseline: someCounts(),
  candidates: [someCounts()],
};
const visibility = { lagMs: 3_000, clockMs: 1_000 };

function stateAfter(measurement: RunMeasurement, clock: Partial<Clock> = {}) {
  const state = initialState({ workflowId: 'experiment/default/canary', firstRunId: 'run' });
  const running = {
    ...state,
    experiment: anExperiment(),
    clock: { ...state.clock, ...clock },
    candidateStates: [initialCandidateState(10)],
  };
  return withObservation(running, {
    experiment: anExperiment(),
    measurement,
    drifts: [],
    judgement: undefined,
    nowMs: 12_000,
  });
}

test('goes on where the measurement has come to, and reports how late it was', () => {
  const state = stateAfter({ ...measured, checkpoint, visibility });
  expect(state.clock).toMatchObject({ observedUntilMs: 11_000, checkpoint, visibility });
  expect(buildReport(state).metricsVisibility).toEqual(visibility);
});

test('counts from the end of the window after a measurement without a checkpoint, which has counted all of it', () => {
  const { clock } = stateAfter(measured, { checkpoint, visibility });
  expect(clock).toMatchObject({ observedUntilMs: 11_000, visibility });
  expect(clock.checkpoint).toBeUndefined();
});

test.each(['blind', 'error'] as const)('keeps the checkpoint while nothing is measured: %s', (kind) => {
  const { clock } = stateAfter({ kind, reason: 'down' }, { checkpoint, visibility, observedUntilMs: 5_000 });
  expect(clock).toMatchObject({ observedUntilMs: 5_000, checkpoint, visibility });
});

test('reports how late samples are while they are awaited', () => {
  const { clock } = stateAfter({ kind: 'blind', reason: 'no sample', visibility: { clockMs: 2_000 } }, { visibility });
  expect(clock.visibility).toEqual({ clockMs: 2_000 });
});

test('holds while the newest sample is older than the interval, and counts no iteration', () => {
  const late = stateAfter({ ...measured, checkpoint, visibility: { lagMs: 25_000, clockMs: 0 } });
  expect(late.blind?.reason).toBe(
    'nothing of the interval of 12 s has shown yet: the newest sample was 25 s old, the clocks agree',
  );
  expect(late).toMatchObject({ iteration: 0, clock: { checkpoint } });
  const timely = stateAfter({ ...measured, checkpoint, visibility: { lagMs: 11_000, clockMs: 0 } });
  expect(timely.blind?.reason).not.toContain('nothing of the interval');
});

test('judges without the tasks, which may be long, but for those whose load is counted', () => {
  const load = aLoad();
  const wait: Task = { kind: 'init-experiment' };
  const experiment = anExperiment({ start: [wait, load], loop: [load, wait], finish: [wait], notifications: [wait] });
  const state = initialState({ workflowId: 'experiment/default/canary', firstRunId: 'run' });
  const judged = buildJudgeInput(state, experiment).experiment;
  expect(judged).toEqual({ ...experiment, start: [load], loop: [load], finish: [], notifications: [] });
});
