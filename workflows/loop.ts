import { condition } from '@temporalio/workflow';
import type { Closure } from '../core/experiment/calendar.ts';
import type { Experiment } from '../core/experiment/experiment.ts';
import { detectDrift } from '../core/traffic/drift.ts';
import type { Drift } from '../core/traffic/drift.ts';
import { nextDeadline } from '../core/planner/deadline.ts';
import { needsRevisions } from '../core/measurements/load-test.ts';
import type { RunMeasurement } from '../core/measurements/measurement.ts';
import { planObserved } from '../core/planner/plan-observed.ts';
import { withEliminated } from '../core/planner/plan-all.ts';
import type { Plan } from '../core/planner/plan-all.ts';
import { withObservation, buildJudgeInput } from '../core/planner/fold-observation.ts';
import { currentWeights } from '../core/planner/candidate-state.ts';
import { candidateWeights } from '../core/planner/experiment-state.ts';
import { decidedAtMs } from '../core/planner/requests.ts';
import { openGate, withDeadline, withIteration, withPlannedDecision } from '../core/planner/state-transitions.ts';
import type { ExperimentState, IterationRecord } from '../core/planner/experiment-state.ts';
import { defined } from '../core/text/defined.ts';
import type { TargetObservation } from '../core/traffic/target.ts';
import { judgedVersions, movesTraffic, trafficShares, allVersions } from '../core/experiment/versions.ts';
import { idleGuard, startGuard } from './guard.ts';
import { deliverNotices } from './notices.ts';
import { judge, observe } from './observe.ts';
import type { ComputeWeightsResult, Observation } from '../contract/observation.ts';
import { runLoopActions } from './tasks/loop-actions.ts';
import { currentTimeMs } from './run/clock.ts';
import { countInterval } from './run/metrics.ts';
import { loadedExperiment, renewHistory, update, addWarnings } from './run/run.ts';
import type { Run } from './run/run.ts';
import { shiftTraffic } from './traffic.ts';

/** A plan that ends the loop. */
export type Decision = Extract<Plan, { kind: 'promote' | 'rollBack' | 'stop' | 'conclude' }>;

/** Observes once per interval and carries out the plan, until a plan ends the loop. */
export async function observeUntilDecided(run: Run): Promise<Decision> {
  // The guard cuts an interval short once.
  let mayGuard = true;
  for (;;) {
    await renewHistory(run);
    await deliverNotices(run);
    const isEarly = await untilDue(run, mayGuard);
    mayGuard = !isEarly;
    const { iteration } = run.state;
    const decision = await iterate(run, isEarly);
    // A decision that takes traffic from a candidate does not wait for loop actions.
    const mayWait = decision === undefined || decision.kind === 'promote';
    if (mayWait && run.state.iteration > iteration) await runLoopActions(run);
    if (decision !== undefined) return decision;
  }
}

/**
 * Waits one interval from the last deadline. A resume restarts the grid; a decision at the gate is acted on at once. Returns whether the
 * guard has cut the interval short, which leaves the grid as it is.
 */
async function untilDue(run: Run, mayGuard: boolean): Promise<boolean> {
  const { intervalMs, iterations } = loadedExperiment(run);
  for (;;) {
    const { clock, iteration, paused } = run.state;
    const dueMs = clock.deadlineMs + intervalMs;
    const isResumed = (): boolean => paused !== undefined && run.state.paused === undefined;
    // By its time: the name of who has decided may be verified later. It may have been made since the last plan, before this wait.
    const isDecided = (): boolean => {
      const decidedMs = decidedAtMs(run.state.gate);
      return decidedMs !== undefined && decidedMs !== run.state.clock.plannedDecisionMs;
    };
    const summary = `iteration ${Math.min(iteration + 1, iterations)} of ${iterations}`;
    const remainingMs = Math.max(1, dueMs - currentTimeMs());
    const guard = mayGuard ? startGuard(run, dueMs) : idleGuard;
    const isWoken = (): boolean => isResumed() || isDecided();
    const woken = await condition(() => isWoken() || guard.hasFired, remainingMs, { summary }).finally(guard.stop);
    if (woken && !isWoken()) return true;
    const wasResumed = isResumed();
    update(run, withDeadline(run.state, woken ? currentTimeMs() : dueMs));
    if (!wasResumed || !woken) return false;
  }
}

async function iterate(run: Run, isEarly: boolean): Promise<Decision | undefined> {
  const observation = await observe(run);
  countInterval(observation.measurement.kind);
  const judgement = await compute(run, observation.measurement);
  const weightsBefore = candidateWeights(run.state);
  const next = decide(run, observation, { judgement, isEarly });
  await act(run, next);
  const { deadlineMs, late } = isEarly ? { ...run.state.clock, late: false } : scheduleNext(run);
  const reason = late ? `${next.reason}; the step restarts, as it began late` : next.reason;
  const record = iterationRecord(run.state, observation, { weightsBefore, reason });
  update(run, withIteration(run.state, { deadlineMs, record }));
  return isDecision(next) ? next : undefined;
}

function isDecision(plan: Plan): plan is Decision {
  return plan.kind !== 'hold' && plan.kind !== 'shift' && plan.kind !== 'openGate';
}

/** The next deadline. An unconfirmed step is observed again at once, to find what keeps the cluster from confirming it. */
export function scheduleNext(run: Run): ReturnType<typeof nextDeadline> {
  const nowMs = currentTimeMs();
  if (!run.state.traffic.confirmed) return { deadlineMs: nowMs - loadedExperiment(run).intervalMs, late: false };
  return nextDeadline(run.state.clock.deadlineMs, nowMs);
}

async function compute(run: Run, measurement: RunMeasurement): Promise<ComputeWeightsResult | undefined> {
  if (measurement.kind === 'blind') return undefined;
  return judge(run, { ...buildJudgeInput(run.state, loadedExperiment(run)), measurement });
}

interface Judged {
  readonly judgement: ComputeWeightsResult | undefined;
  readonly isEarly: boolean;
}

/** Folds the observation into the state and plans the next step. */
function decide(run: Run, { measurement, target, closed }: Observation, judged: Judged): Plan {
  const experiment = loadedExperiment(run);
  const facts = { experiment, measurement, drifts: detectDrifts(run, target), ...closureFor(experiment, closed) };
  const observed = { ...facts, ...judged, nowMs: currentTimeMs() };
  update(run, withPlannedDecision(withObservation(run.state, observed)));
  return planObserved(run.state, observed);
}

/** An experiment that moves no traffic has nothing to hold. */
function closureFor(experiment: Experiment, closed: Closure | undefined): { readonly closed?: Closure } {
  return movesTraffic(experiment) ? defined({ closed }) : {};
}

/** The drift of each judged version, in their order. */
export function detectDrifts(run: Run, target: TargetObservation): readonly Drift[] {
  const experiment = loadedExperiment(run);
  const revisions = allVersions(experiment).map(({ revision }) => revision);
  const expected = {
    firstRunId: run.state.firstRunId,
    revisions,
    areRevisionsOptional: !needsRevisions(experiment),
    ...(movesTraffic(experiment) && {
      shares: trafficShares(experiment, currentWeights(run.state.candidateStates)),
    }),
  };
  return judgedVersions(experiment).map(({ revision }) =>
    detectDrift(target, { ...expected, index: revisions.indexOf(revision) }),
  );
}

async function act(run: Run, next: Plan): Promise<void> {
  switch (next.kind) {
    case 'shift':
      return takeStep(run, next);
    case 'openGate':
      return update(run, openGate(run.state, currentTimeMs(), next.leader));
    case 'hold':
      return run.state.traffic.confirmed
        ? undefined
        : shiftTraffic(run, currentWeights(run.state.candidateStates), next.reason);
    case 'promote':
    case 'rollBack':
    case 'stop':
    case 'conclude':
      return;
  }
}

/** Takes a step. The losers are eliminated whether the cluster confirms it or not. */
async function takeStep(run: Run, { weights, eliminated, reason }: Extract<Plan, { kind: 'shift' }>): Promise<void> {
  await shiftTraffic(run, weights, reason);
  const versions = judgedVersions(loadedExperiment(run));
  update(run, withEliminated(run.state, eliminated));
  addWarnings(run, ...eliminated.map((loser) => `${versions[loser.index]?.name ?? ''} is eliminated: ${loser.reason}`));
}

export function iterationRecord(
  state: ExperimentState,
  { atMs, measurement }: Observation,
  { weightsBefore, reason }: { readonly weightsBefore: readonly number[]; readonly reason: string },
): IterationRecord {
  const requests = measurement.kind === 'measured' ? requestCounts(state, measurement) : undefined;
  const { iteration } = state;
  return { iteration, atMs, weightsBefore, weightsAfter: candidateWeights(state), ...defined({ requests }), reason };
}

/** The requests of each judged version. */
function requestCounts(
  { experiment }: ExperimentState,
  { baseline, candidates }: Extract<RunMeasurement, { kind: 'measured' }>,
): readonly number[] {
  return (experiment?.testingPattern === 'Conformance' ? [baseline] : candidates).map(({ requests }) => requests);
}
