import { condition } from '@temporalio/workflow';
import {
  bakeWarnings,
  buildBakeInput,
  describeBake,
  enterBaking,
  planBake,
  planRejection,
  withBakeObservation,
} from '../core/planner/bake.ts';
import type { BakePlan } from '../core/planner/bake.ts';
import type { BakeState } from '../core/planner/bake-state.ts';
import type { Drift } from '../core/traffic/drift.ts';
import type { TargetObservation } from '../core/traffic/target.ts';
import { candidateWeights } from '../core/planner/experiment-state.ts';
import { withDeadline, withIteration } from '../core/planner/state-transitions.ts';
import { detectDrifts, iterationRecord, scheduleNext } from './loop.ts';
import { deliverNotices } from './notices.ts';
import { judge, observe } from './observe.ts';
import { currentTimeMs } from './run/clock.ts';
import { addWarnings, loadedExperiment, renewHistory, update } from './run/run.ts';
import type { Run } from './run/run.ts';

/** How a bake time ends: the version stays, is rolled back, or is somebody else's. */
export type Baked = Exclude<BakePlan, { kind: 'goOn' }>;

/** Begins to watch the promoted candidate. */
export function beginBake(run: Run, winner: number, reason: string): void {
  update(run, enterBaking(run.state, loadedExperiment(run), { winner, reason, nowMs: currentTimeMs() }));
}

/** Watches the promoted version until its bake time is over, it fails, or a person rejects it. */
export async function bake(run: Run): Promise<Baked> {
  for (;;) {
    await renewHistory(run);
    await deliverNotices(run);
    await untilDue(run);
    const plan = planRejection(baking(run)) ?? (await watchOnce(run));
    if (plan.kind === 'goOn') continue;
    if (plan.kind === 'keep') addWarnings(run, ...bakeWarnings(baking(run)));
    return plan;
  }
}

async function untilDue(run: Run): Promise<void> {
  const dueMs = run.state.clock.deadlineMs + loadedExperiment(run).intervalMs;
  const summary = `watching the promoted version, ${baking(run).left} more intervals`;
  await condition(() => baking(run).rejected !== undefined, Math.max(1, dueMs - currentTimeMs()), { summary });
  update(run, withDeadline(run.state, dueMs));
}

async function watchOnce(run: Run): Promise<BakePlan> {
  const experiment = loadedExperiment(run);
  const observation = await observe(run);
  const { atMs, measurement, target } = observation;
  const { winner } = baking(run);
  const judgements =
    measurement.kind === 'measured'
      ? await judge(run, buildBakeInput(experiment, baking(run), measurement))
      : undefined;
  const drift = describeDrift(detectDrifts(run, target)[winner], target);
  const judgement = judgements?.[0] ?? undefined;
  const weightsBefore = candidateWeights(run.state);
  update(run, withBakeObservation(run.state, baking(run), { atMs, measurement, drift, judgement }));
  const plan = planBake(experiment, baking(run), { atMs, drift });
  const reason = 'reason' in plan ? plan.reason : describeBake(baking(run), run.state.blind?.reason);
  const record = iterationRecord(run.state, observation, { weightsBefore, reason });
  update(run, withIteration(run.state, { deadlineMs: scheduleNext(run).deadlineMs, record }));
  return plan;
}

/** Without its baseline there is nothing to go back to, and no reason to. */
function describeDrift(drift: Drift | undefined, target: TargetObservation): Drift {
  const isBaselineGone = target.kind === 'observed' && target.revisions[0]?.kind === 'gone';
  if (isBaselineGone) return { kind: 'none', notes: ['the baseline is gone: what is promoted cannot be rolled back'] };
  return drift ?? { kind: 'none', notes: [] };
}

function baking({ state: { bake: state } }: Run): BakeState {
  if (state === undefined) throw new Error('nothing has been promoted that is watched');
  return state;
}
