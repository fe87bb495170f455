import { sleep } from '@temporalio/workflow';
import type { Role } from '../core/experiment.ts';
import type { ExperimentActivities } from './contract.ts';
import { activitiesFor, makeSafe } from './activities.ts';
import { factsOf } from './failures.ts';
import { experimentOf, holderOf, update, warn } from './run.ts';
import type { Run } from './run.ts';

/** What a step meets when the cluster changed under it: the next observation names the drift, or sees that it passed. */
const leftToObservation: readonly string[] = ['NotConfirmed', 'TargetGone', 'Drift'];

/** Takes a step to the candidate's new weight. Without the cluster's confirmation the state stays unconfirmed. */
export async function shiftTraffic(run: Run, weight: number, reason: string): Promise<void> {
  const { weight: present, sequence } = run.state;
  try {
    const step = { weight, reason, ...(sequence === 0 ? {} : { present }) };
    await write(run, activitiesFor(experimentOf(run)).shiftTraffic, step);
  } catch (error) {
    const { type, message } = factsOf(error);
    if (!leftToObservation.includes(type)) throw error;
    update(run, { ...run.state, weight: type === 'NotConfirmed' ? weight : present, confirmed: false });
    warn(run, message);
  }
}

/** Gives the candidate everything, and goes on only when the cluster has reported it. */
export async function promoteTraffic(run: Run, reason: string): Promise<void> {
  const { weight: present } = run.state;
  await write(run, activitiesFor(experimentOf(run)).patchTraffic, { weight: 100, reason, present });
}

/** Lets later deployments get traffic: the latest revision, which has been verified to be the winner, at 100 %. */
export async function followLatest(run: Run, winner: Role): Promise<void> {
  const weight = winner === 'candidate' ? 100 : 0;
  const { patchTraffic } = activitiesFor(experimentOf(run));
  await write(run, patchTraffic, { weight, reason: 'follows the latest revision', winner });
}

export type Safety =
  | { readonly kind: 'safe' }
  /** Nothing that can be repeated would help: somebody else owns the traffic, or a human is needed. */
  | { readonly kind: 'notSafe'; readonly type: string; readonly reason: string };

/** Answers that no repetition changes. Everything else is tried again: the traffic is not safe yet. */
const refusals: readonly string[] = ['Fenced', 'TargetGone', 'Forbidden', 'Invalid'];

/**
 * 100 % to the baseline, tried through any outage. `askedAtMs` is when safety was asked for: the time to the accepted
 * write is reported.
 */
export async function bringToBaseline(run: Run, { reason, askedAtMs }: SafetyRequest): Promise<Safety> {
  for (;;) {
    try {
      const acceptedAtMs = await write(run, makeSafe, { weight: 0, reason });
      const timeToSafeMs = run.state.timeToSafeMs ?? Math.max(0, acceptedAtMs - askedAtMs);
      update(run, { ...run.state, timeToSafeMs });
      return { kind: 'safe' };
    } catch (error) {
      const { type, message } = factsOf(error);
      if (type === 'NotConfirmed') return acceptUnconfirmed(run, message);
      if (refusals.includes(type)) return { kind: 'notSafe', type, reason: message };
      warn(run, `100 % baseline not written yet, still trying: ${message}`);
      await sleep('5s', { summary: 'before the next try to write 100 % baseline' });
    }
  }
}

export interface SafetyRequest {
  readonly reason: string;
  readonly askedAtMs: number;
}

function acceptUnconfirmed(run: Run, message: string): Safety {
  update(run, { ...run.state, weight: 0 });
  warn(run, `100 % baseline is written, but the cluster has not reported it: ${message}`);
  return { kind: 'safe' };
}

interface Write {
  readonly weight: number;
  readonly reason: string;
  /** The candidate's weight that must be there before. */
  readonly present?: number;
  readonly winner?: Role;
}

/** The longest wait for Knative to report a write; a step waits no longer than its interval, so that drift shows in time. */
const confirmationLimitMs = 20_000;

async function write(run: Run, patch: ExperimentActivities['patchTraffic'], wanted: Write): Promise<number> {
  const experiment = experimentOf(run);
  const sequence = run.state.sequence + 1;
  update(run, { ...run.state, sequence, confirmed: false, weightReason: wanted.reason });
  const { acceptedAtMs } = await patch({
    target: experiment.target,
    holder: holderOf(run),
    plan: { firstRunId: run.state.firstRunId, sequence },
    baseline: experiment.baseline.revision,
    candidate: experiment.candidate.revision,
    tags: run.state.tags,
    split: splitOf(wanted.weight),
    ...(wanted.present === undefined ? {} : { present: splitOf(wanted.present) }),
    confirmationLimitMs: Math.max(5000, Math.min(confirmationLimitMs, experiment.intervalMs)),
    ...(wanted.winner === undefined ? {} : { followLatest: wanted.winner }),
  });
  // A later write may have been planned meanwhile (an abort): then this one no longer describes the traffic.
  if (run.state.sequence === sequence) update(run, { ...run.state, weight: wanted.weight, confirmed: true });
  return acceptedAtMs;
}

function splitOf(candidate: number): { readonly baseline: number; readonly candidate: number } {
  return { baseline: 100 - candidate, candidate };
}
