import { sleep } from '@temporalio/workflow';
import type { Version } from '../core/experiment/experiment.ts';
import { currentWeights } from '../core/planner/candidate-state.ts';
import {
  adoptSequence,
  confirmWrite,
  leaveUnconfirmed,
  planWrite,
  withTimeToSafe,
} from '../core/planner/traffic-transitions.ts';
import { allOn, trafficShares } from '../core/experiment/versions.ts';
import type { ExperimentActivities } from '../contract/activities.ts';
import type { FencedFacts } from '../contract/traffic.ts';
import { activitiesFor, makeSafe } from './activities.ts';
import { failureFacts, isUnheard } from './failures.ts';
import type { FailureFacts } from './failures.ts';
import { currentTimeMs } from './run/clock.ts';
import { recordTimeToSafe } from './run/metrics.ts';
import { loadedExperiment, asHolder, update, addWarnings } from './run/run.ts';
import type { Run } from './run/run.ts';
import { defined } from '../core/text/defined.ts';

/** Failures of a step when the cluster changed meanwhile: the next observation reports the drift, or finds that it passed. */
const leftToObservation: readonly string[] = ['NotConfirmed', 'TargetGone', 'RevisionGone', 'Drift'];

/** Takes a step to the candidates' new weights, percent. Without the cluster's confirmation the state stays unconfirmed. */
export async function shiftTraffic(run: Run, weights: readonly number[], reason: string): Promise<void> {
  const present = currentWeights(run.state.candidateStates);
  try {
    await write(run, activitiesFor(loadedExperiment(run)).shiftTraffic, { weights, reason, present });
  } catch (error) {
    const { type, message } = failureFacts(error);
    if (!leftToObservation.includes(type)) throw error;
    update(run, leaveUnconfirmed(run.state, type === 'NotConfirmed' ? weights : present));
    addWarnings(run, message);
  }
}

/** Gives the winner 100 % and returns once the cluster has confirmed it. */
export async function promoteTraffic(run: Run, winner: Version, reason: string): Promise<void> {
  const experiment = loadedExperiment(run);
  const present = currentWeights(run.state.candidateStates);
  await write(run, activitiesFor(experiment).patchTraffic, { weights: allOn(experiment, winner), reason, present });
}

/** Gives the winner 100 % again, by its name, whatever a chart has made of the traffic meanwhile. */
export async function pinTraffic(run: Run, winner: Version): Promise<void> {
  const experiment = loadedExperiment(run);
  const reason = 'the promoted revision keeps everything while it is watched';
  await write(run, activitiesFor(experiment).patchTraffic, { weights: allOn(experiment, winner), reason });
}

/** Lets the traffic follow the latest revision, which has been verified to be the winner, so that later deployments get it. */
export async function followLatest(run: Run, winner: Version): Promise<void> {
  const experiment = loadedExperiment(run);
  await write(run, activitiesFor(experiment).patchTraffic, {
    weights: allOn(experiment, winner),
    reason: 'the latest revision gets everything again, so that later deployments are served',
    followLatest: winner.revision,
  });
}

/** The result of bringing the traffic to the baseline. */
export type Safety =
  | { readonly kind: 'safe' }
  /** A restore has made it so, and has taken the target. */
  | { readonly kind: 'restored'; readonly reason: string }
  /** No retry would help: somebody else owns the traffic, or a person is needed. */
  | { readonly kind: 'notSafe'; readonly type: string; readonly reason: string };

const restoredReason = 'a restore has given everything to the baseline, and has taken the target';

/** Types of failures that no retry changes. After any other the write is tried again: the traffic is not safe yet. */
const refusals: readonly string[] = ['Fenced', 'TargetGone', 'RevisionGone', 'Drift', 'Forbidden', 'Invalid'];

/** Why and since when the traffic must be brought to the baseline. */
export interface SafetyRequest {
  readonly reason: string;
  /** When safety was requested, epoch ms: the time from then to the accepted write is reported. */
  readonly askedAtMs: number;
  /** The candidates' weights that the write expects, percent; other traffic is somebody's edit and fails as `Drift`. */
  readonly present?: readonly number[];
}

/** Writes 100 % baseline through any outage, until the cluster confirms it or a failure that no retry changes. */
export async function bringToBaseline(run: Run, request: SafetyRequest): Promise<Safety> {
  const { reason, askedAtMs, present } = request;
  for (;;) {
    try {
      const weights = loadedExperiment(run).candidates.map(() => 0);
      const wanted = { weights, reason, ...defined({ present }) };
      showTimeToSafe(run, (await write(run, makeSafe, wanted)) - askedAtMs);
      return { kind: 'safe' };
    } catch (error) {
      const facts = failureFacts(error);
      // A last attempt that was not heard of leaves open what the cluster has: it is written again.
      if (facts.type === 'NotConfirmed' && !isUnheard(error)) return unconfirmed(run, request, facts);
      if (adoptOwnSequence(run, facts)) continue;
      if (readFenced(facts).isRestored === true) return { kind: 'restored', reason: restoredReason };
      if (refusals.includes(facts.type)) {
        return { kind: 'notSafe', type: facts.type, reason: `100 % baseline was refused: ${facts.message}` };
      }
      addWarnings(run, `100 % baseline not written yet, still trying: ${facts.message}`);
      await sleep('5s', { summary: 'before the next try to write 100 % baseline' });
    }
  }
}

/** Writes 100 % baseline after the limit of every task that may still be running: such a task may have written late. */
export async function bringToBaselineAgain(run: Run, request: SafetyRequest): Promise<Safety> {
  const leftMs = run.tasksGoneAtMs - currentTimeMs();
  if (leftMs > 0) {
    addWarnings(
      run,
      `a task was not heard of any more: waiting for its limit before 100 % baseline is written once more`,
    );
    await sleep(leftMs, { summary: 'until no task can be at work any more' });
  }
  return bringToBaseline(run, request);
}

/**
 * Adopts the sequence of a later write of this run, which a `Fenced` failure names when the history was reset (`temporal
 * workflow reset`): the next write takes the sequence after it. False when the failure names none.
 */
export function adoptOwnSequence(run: Run, facts: FailureFacts): boolean {
  const { ownSequence: found } = readFenced(facts);
  if (found === undefined || found < run.state.traffic.sequence) return false;
  update(run, adoptSequence(run.state, found));
  return true;
}

/** Those of other failures are not looked at. */
function readFenced({ type, details }: FailureFacts): FencedFacts {
  return type === 'Fenced' && typeof details === 'object' && details ? details : {};
}

function unconfirmed(run: Run, { askedAtMs }: SafetyRequest, { type, message, details }: FailureFacts): Safety {
  const none = loadedExperiment(run).candidates.map(() => 0);
  update(run, leaveUnconfirmed(run.state, none));
  const { acceptedAtMs }: { readonly acceptedAtMs?: unknown } = typeof details === 'object' && details ? details : {};
  if (typeof acceptedAtMs === 'number') showTimeToSafe(run, acceptedAtMs - askedAtMs);
  return {
    kind: 'notSafe',
    type,
    reason: `100 % baseline is written, but the cluster has not reported it: ${message}`,
  };
}

/** Only the first write made the traffic safe; a later one repeats it. */
function showTimeToSafe(run: Run, ms: number): void {
  if (run.state.traffic.timeToSafeMs !== undefined) return;
  const timeToSafeMs = Math.max(0, ms);
  recordTimeToSafe(timeToSafeMs);
  update(run, withTimeToSafe(run.state, timeToSafeMs));
}

interface Write {
  /** The candidates' weights, percent. */
  readonly weights: readonly number[];
  readonly reason: string;
  /** The candidates' weights that the write expects, percent. */
  readonly present?: readonly number[];
  /** The winner's revision, where the traffic shall follow the latest revision. */
  readonly followLatest?: string;
}

/** The longest wait for Knative to report a write; a step waits no longer than its interval, so that drift shows in time. */
const confirmationLimitMs = 20_000;

async function write(run: Run, patch: ExperimentActivities['patchTraffic'], wanted: Write): Promise<number> {
  const experiment = loadedExperiment(run);
  update(run, planWrite(run.state, wanted.reason));
  const { sequence, tags } = run.state.traffic;
  const { acceptedAtMs } = await patch({
    namespace: experiment.namespace,
    target: experiment.target,
    holder: asHolder(run),
    plan: { firstRunId: run.state.firstRunId, sequence },
    tags,
    shares: trafficShares(experiment, wanted.weights),
    ...defined({
      present: wanted.present && trafficShares(experiment, wanted.present),
      followLatest: wanted.followLatest,
    }),
    confirmationLimitMs: Math.max(5000, Math.min(confirmationLimitMs, experiment.intervalMs)),
  });
  update(run, confirmWrite(run.state, { sequence, weights: wanted.weights }));
  return acceptedAtMs;
}
