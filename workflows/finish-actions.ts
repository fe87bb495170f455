import type { Experiment, Version } from '../core/experiment.ts';
import { formatFinished, mendingCommands } from '../core/finished-tasks.ts';
import type { FinishedTask } from '../core/finished-tasks.ts';
import { isHelm } from '../core/task.ts';
import { movesTraffic, versionsOf } from '../core/versions.ts';
import { activitiesFor, verifyTarget } from './activities.ts';
import type { JudgedRevision } from './contract.ts';
import { explained } from './failures.ts';
import { experimentOf } from './run.ts';
import type { Run } from './run.ts';
import { runTask } from './tasks.ts';
import { followLatest } from './traffic.ts';

/**
 * Runs the finish actions for the winner, then proves that the target serves it. A failure says what had run before it,
 * and after a promotion had begun, how the release comes back.
 */
export async function runFinishActions(run: Run, winner: Version): Promise<void> {
  const experiment = experimentOf(run);
  await compareAgain(run, winner);
  const finished: FinishedTask[] = [];
  try {
    for (const task of experiment.finish) {
      if (task.kind === 'exec') finished.push(await runTask(run, task, winner));
    }
    if (movesTraffic(experiment)) await verify(run, winner);
  } catch (error) {
    const context = finished.length === 0 ? undefined : `after ${formatFinished(finished)}`;
    throw explained(error, {
      context,
      advice: winner.name === experiment.baseline.name ? undefined : adviceOf(experiment),
    });
  }
}

/** Charts and values may have changed since the preflight: what is deployed must be what was judged. */
async function compareAgain(run: Run, { name: winner }: Version): Promise<void> {
  const experiment = experimentOf(run);
  if (!experiment.finish.some(isHelm)) return;
  const revisions = versionsOf(experiment).map((version) => judged(run, version));
  await activitiesFor(experiment).compareRendered({ experiment, winner, revisions });
}

async function verify(run: Run, winner: Version): Promise<void> {
  const { finish, target } = experimentOf(run);
  const requireLatest = finish.length > 0;
  const { mayFollowLatest } = await verifyTarget({ target, winner: judged(run, winner), requireLatest });
  if (mayFollowLatest) await followLatest(run, winner);
}

function judged(run: Run, { name, revision }: Version): JudgedRevision {
  return { revision, image: run.state.images?.[name] ?? '' };
}

/** The traffic goes back by itself; a release that has begun to change does not. */
function adviceOf(experiment: Experiment): string | undefined {
  const commands = mendingCommands(experiment).map((command) => `\`${command}\``);
  return commands.length === 0 ? undefined : `to bring the release back to the baseline: ${commands.join(', ')}`;
}
