import type { Version } from '../core/experiment/experiment.ts';
import { candidateAt } from '../core/experiment/versions.ts';
import { currentWeights } from '../core/planner/candidate-state.ts';
import { enterFinishing, withPromoted } from '../core/planner/state-transitions.ts';
import { leaveAsIs, notSafeEnding } from './ending.ts';
import type { Ending } from './ending.ts';
import { failureFacts, inContext } from './failures.ts';
import { bake, beginBake } from './bake.ts';
import { releaseTraffic } from './release-traffic.ts';
import { runFinishActions, verifyWatched } from './tasks/finish-actions.ts';
import type { Finished } from './tasks/finish-actions.ts';
import type { Decision } from './loop.ts';
import { currentTimeMs } from './run/clock.ts';
import { loadedExperiment, update } from './run/run.ts';
import type { Run } from './run/run.ts';
import { bringToBaseline, pinTraffic, promoteTraffic } from './traffic.ts';

/** Carries out the decision that ended the loop. */
export async function finish(run: Run, decision: Decision): Promise<Ending> {
  switch (decision.kind) {
    case 'stop':
      return leaveAsIs('Drift', decision.reason);
    case 'rollBack':
      return rollBack(run, decision.reason);
    case 'promote':
      return promote(run, candidateAt(loadedExperiment(run), decision.winner), decision.reason);
    case 'conclude':
      return conclude(run, decision);
  }
}

/** The judged revision gets everything first, so that the release follows a state that already serves. */
async function promote(run: Run, winner: Version, reason: string): Promise<Ending> {
  const { bakeMs, finish: tasks } = loadedExperiment(run);
  update(run, enterFinishing(run.state, loadedExperiment(run)));
  let finished: Finished;
  try {
    await promoteTraffic(run, winner, `promotion: ${reason}`);
    finished = await runFinishActions(run, winner);
    if (bakeMs !== undefined && tasks.length > 0) await pinTraffic(run, winner);
  } catch (error) {
    const { type, message } = failureFacts(error);
    // The judged revision no longer exists, so there is nothing to promote; the baseline serves on.
    if (type === 'RevisionGone') return rollBack(run, message);
    throw inContext(`promotion of ${winner.revision} failed`, error);
  }
  if (bakeMs === undefined) {
    await releaseTraffic(run, winner, async () => finished);
    return promoted(run, winner, reason);
  }
  beginBake(run, loadedExperiment(run).candidates.indexOf(winner), reason);
  return finishBake(run);
}

function promoted(run: Run, winner: Version, reason: string): Ending {
  update(run, withPromoted(run.state, winner));
  return { outcome: 'Promoted', reason };
}

/** Watches the promoted version to the end of its bake time; then the traffic follows it, or goes back. */
export async function finishBake(run: Run): Promise<Ending> {
  const baked = await bake(run);
  // From now on it is too late for a decision, and it shows what is going on.
  update(run, enterFinishing(run.state, loadedExperiment(run)));
  const { winner: index = -1, reason = '' } = run.state.bake ?? {};
  if (baked.kind === 'rollBack') return rollBack(run, baked.reason);
  if (baked.kind === 'stop') return leaveAsIs('Drift', `promoted, but then: ${baked.reason}`);
  const winner = candidateAt(loadedExperiment(run), index);
  await releaseTraffic(run, winner, () => verifyWatched(run, winner));
  return promoted(run, winner, reason);
}

/** No traffic was moved, so there is none to bring back. */
async function conclude(run: Run, { reason }: Extract<Decision, { kind: 'conclude' }>): Promise<Ending> {
  update(run, enterFinishing(run.state, loadedExperiment(run)));
  try {
    await runFinishActions(run, loadedExperiment(run).baseline);
  } catch (error) {
    throw inContext(`concluded (${reason}), but then`, error);
  }
  return { outcome: 'Concluded', reason };
}

/** The traffic goes back before anything else happens. */
async function rollBack(run: Run, reason: string): Promise<Ending> {
  const guard = run.state.traffic.confirmed ? { present: currentWeights(run.state.candidateStates) } : {};
  const safety = await bringToBaseline(run, { reason, askedAtMs: currentTimeMs(), ...guard });
  update(run, enterFinishing(run.state, loadedExperiment(run)));
  if (safety.kind === 'notSafe' && safety.type === 'Drift')
    return leaveAsIs('Drift', `${safety.reason}; roll back was for: ${reason}`);
  if (safety.kind === 'notSafe') return notSafeEnding(`roll back (${reason})`, safety);
  if (safety.kind === 'restored') return leaveAsIs('Fenced', `${safety.reason}; roll back was for: ${reason}`);
  const { baseline, finishOnRollBack } = loadedExperiment(run);
  let finished: Finished;
  try {
    finished = await runFinishActions(run, baseline, finishOnRollBack ? undefined : []);
  } catch (error) {
    throw inContext(`rolled back (${reason}), but then`, error);
  }
  await releaseTraffic(run, baseline, async () => finished);
  return { outcome: 'RolledBack', reason };
}
