import { leaveAsIs, notSafeEnding } from './ending.ts';
import type { Ending } from './ending.ts';
import { factsOf, inContext } from './failures.ts';
import { runFinishActions } from './finish-actions.ts';
import type { Decision } from './loop.ts';
import { experimentOf, update } from './run.ts';
import type { Run } from './run.ts';
import { bringToBaseline, promoteTraffic } from './traffic.ts';

/** Carries out how the loop decided to end. */
export async function finish(run: Run, decision: Decision): Promise<Ending> {
  switch (decision.kind) {
    case 'stop':
      return leaveAsIs('Drift', decision.reason);
    case 'rollBack':
      return rollBack(run, decision.reason);
    case 'promote':
      return promote(run, decision.reason);
  }
}

/** The judged revision gets everything first, so that the release follows a state that already serves. */
async function promote(run: Run, reason: string): Promise<Ending> {
  enterFinishing(run);
  try {
    await promoteTraffic(run, `promotion: ${reason}`);
    await runFinishActions(run, 'candidate');
  } catch (error) {
    const { type, message } = factsOf(error);
    // Of the judged revision nothing is left that could be promoted; the baseline serves on.
    if (type === 'RevisionGone') return rollBack(run, message);
    throw inContext(`promotion of ${experimentOf(run).candidate.revision} failed`, error);
  }
  return { outcome: 'Promoted', reason };
}

/** The traffic goes back before anything else happens. */
async function rollBack(run: Run, reason: string): Promise<Ending> {
  const { confirmed, weight } = run.state;
  const guard = confirmed ? { present: weight } : {};
  const safety = await bringToBaseline(run, { reason, askedAtMs: Date.now(), ...guard });
  enterFinishing(run);
  if (safety.kind === 'notSafe' && safety.type === 'Drift')
    return leaveAsIs('Drift', `${safety.reason}; roll back was for: ${reason}`);
  if (safety.kind === 'notSafe') return notSafeEnding(`roll back (${reason})`, safety);
  try {
    await runFinishActions(run, 'baseline', experimentOf(run).finishOnRollBack === false ? [] : undefined);
  } catch (error) {
    throw inContext(`rolled back (${reason}), but then`, error);
  }
  return { outcome: 'RolledBack', reason };
}

function enterFinishing(run: Run): void {
  const hasActions = experimentOf(run).finish.length > 0;
  const launched = "TerminalHandlerLaunched: Finish handler 'finish' launched";
  const message = hasActions ? launched : 'StageAdvanced: Advanced to Finishing';
  update(run, { ...run.state, stage: 'Finishing', message });
}
