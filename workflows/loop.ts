import { condition } from '@temporalio/workflow';
import { detectDrift } from '../core/drift.ts';
import { restartGrid } from '../core/grid.ts';
import type { Measurement } from '../core/measurement.ts';
import { plan } from '../core/plan.ts';
import type { Plan } from '../core/plan.ts';
import { afterLook, judgeInputOf, planInputOf } from '../core/progress.ts';
import { withIteration } from '../core/state.ts';
import type { ExperimentState } from '../core/state.ts';
import { computeWeights, queryMetrics } from './activities.ts';
import type { ComputeWeightsResult, Observation } from './contract.ts';
import { runLoopActions } from './loop-actions.ts';
import { countInterval } from './metrics.ts';
import { experimentOf, renewHistory, revisionOf, update } from './run.ts';
import type { Run } from './run.ts';
import { shiftTraffic } from './traffic.ts';

/** A plan that ends the loop. */
export type Decision = Extract<Plan, { kind: 'promote' | 'rollBack' | 'stop' }>;

/** Observes once an interval, and acts on what the plan says, until it says how the experiment ends. */
export async function observeUntilDecided(run: Run): Promise<Decision> {
  for (;;) {
    await renewHistory(run);
    await untilDue(run);
    const { iteration } = run.state;
    const decision = await iterate(run);
    // Whatever takes traffic away from the candidate does not wait.
    const mayWait = decision === undefined || decision.kind === 'promote';
    if (mayWait && run.state.iteration > iteration) await runLoopActions(run);
    if (decision !== undefined) return decision;
  }
}

/** Waits one interval from the last deadline. A resume restarts the grid; a decision at the gate is acted on at once. */
async function untilDue(run: Run): Promise<void> {
  const { intervalMs, iterations } = experimentOf(run);
  for (;;) {
    const { deadlineMs, iteration, paused, approved, rejected } = run.state;
    const dueMs = deadlineMs + intervalMs;
    const isResumed = (): boolean => paused !== undefined && run.state.paused === undefined;
    const isDecided = (): boolean => run.state.approved !== approved || run.state.rejected !== rejected;
    const summary = `iteration ${Math.min(iteration + 1, iterations)} of ${iterations}`;
    const remainingMs = Math.max(1, dueMs - Date.now());
    const woken = await condition(() => isResumed() || isDecided(), remainingMs, { summary });
    const wasResumed = isResumed();
    update(run, { ...run.state, deadlineMs: woken ? Date.now() : dueMs });
    if (!wasResumed || !woken) return;
  }
}

async function iterate(run: Run): Promise<Decision | undefined> {
  const observation = await observe(run);
  countInterval(observation.measurement.kind);
  const computed = await compute(run, observation.measurement);
  const weightBefore = run.state.weight;
  const next = decide(run, observation, computed);
  await act(run, next);
  const { deadlineMs, late } = nextGrid(run);
  const reason = late ? `${next.reason}; the step restarts, as it began late` : next.reason;
  const record = recordOf(run.state, observation, { weightBefore, reason });
  update(run, withIteration({ ...run.state, deadlineMs, weightReason: reason }, record));
  return next.kind === 'promote' || next.kind === 'rollBack' || next.kind === 'stop' ? next : undefined;
}

/** An unconfirmed step is looked at again at once: whatever keeps the cluster from confirming it must show. */
function nextGrid(run: Run): ReturnType<typeof restartGrid> {
  const nowMs = Date.now();
  if (!run.state.confirmed) return { deadlineMs: nowMs - experimentOf(run).intervalMs, late: false };
  return restartGrid(run.state.deadlineMs, nowMs);
}

async function observe(run: Run): Promise<Observation> {
  return queryMetrics({
    target: experimentOf(run).target,
    baseline: revisionOf(run, 'baseline'),
    candidate: revisionOf(run, 'candidate'),
    fromMs: run.state.observedUntilMs,
  });
}

async function compute(run: Run, measurement: Measurement): Promise<ComputeWeightsResult | undefined> {
  if (measurement.kind === 'blind') return undefined;
  return computeWeights(judgeInputOf(run.state, experimentOf(run), measurement));
}

/** Folds the observation into the state and asks the plan what it means. */
function decide(run: Run, { measurement, target }: Observation, judgement?: ComputeWeightsResult): Plan {
  const experiment = experimentOf(run);
  const drift = detectDrift(target, {
    firstRunId: run.state.firstRunId,
    baseline: experiment.baseline.revision,
    candidate: experiment.candidate.revision,
    weight: run.state.weight,
  });
  const seen = { experiment, measurement, drift, judgement, nowMs: Date.now() };
  update(run, afterLook(run.state, seen));
  return plan(planInputOf(run.state, seen));
}

async function act(run: Run, next: Plan): Promise<void> {
  switch (next.kind) {
    case 'shift':
      return shiftTraffic(run, next.weight, next.reason);
    case 'openGate':
      return update(run, { ...run.state, gateOpenedAtMs: Date.now() });
    case 'hold':
      return run.state.confirmed ? undefined : shiftTraffic(run, run.state.weight, next.reason);
    case 'promote':
    case 'rollBack':
    case 'stop':
      return;
  }
}

function recordOf(
  { iteration, weight }: ExperimentState,
  { atMs, measurement }: Observation,
  { weightBefore, reason }: { readonly weightBefore: number; readonly reason: string },
): ExperimentState['history'][number] {
  const measured = measurement.kind === 'measured' ? { candidateRequests: measurement.candidate.requests } : {};
  return { iteration, atMs, weightBefore, weightAfter: weight, ...measured, reason };
}
