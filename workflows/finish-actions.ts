import type { Experiment, Role } from '../core/experiment.ts';
import { formatFinished, mendingCommands } from '../core/finished-tasks.ts';
import type { FinishedTask } from '../core/finished-tasks.ts';
import { isHelm, mayDeploy } from '../core/task.ts';
import type { Task } from '../core/task-kinds.ts';
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
export async function runFinishActions(run: Run, winner: Role, tasks = experimentOf(run).finish): Promise<void> {
  const experiment = experimentOf(run);
  await compareAgain(run, winner, tasks);
  const finished: FinishedTask[] = [];
  let requireLatest = false;
  try {
    for (const [index, task] of tasks.entries()) {
      const place = { action: 'finish', index } as const;
      const ran = await runTask(run, task, { version: experiment[winner], place });
      finished.push(...ran);
      requireLatest ||= ran.length > 0 && mayDeploy(task);
    }
    await verify(run, winner, requireLatest);
  } catch (error) {
    const context = finished.length === 0 ? undefined : `after ${formatFinished(finished)}`;
    throw explained(error, { context, advice: winner === 'candidate' ? adviceOf(experiment) : undefined });
  }
}

/** Charts and values may have changed since the preflight: what is deployed must be what was judged. */
async function compareAgain(run: Run, winner: Role, tasks: readonly Task[]): Promise<void> {
  const experiment = experimentOf(run);
  if (!tasks.some(isHelm)) return;
  const revisions = { baseline: judged(run, 'baseline'), candidate: judged(run, 'candidate') };
  await activitiesFor(experiment).compareRendered({ experiment, winner, revisions });
}

/** After a deployment the winner must be the latest revision. */
async function verify(run: Run, winner: Role, requireLatest: boolean): Promise<void> {
  const { target } = experimentOf(run);
  const { mayFollowLatest } = await verifyTarget({ target, winner: judged(run, winner), requireLatest });
  if (mayFollowLatest) await followLatest(run, winner);
}

function judged(run: Run, role: Role): JudgedRevision {
  return { revision: experimentOf(run)[role].revision, image: run.state.images?.[role] ?? '' };
}

/** The traffic goes back by itself; a release that has begun to change does not. */
function adviceOf(experiment: Experiment): string | undefined {
  const commands = mendingCommands(experiment).map((command) => `\`${command}\``);
  return commands.length === 0 ? undefined : `to bring the release back to the baseline: ${commands.join(', ')}`;
}
