import type { Role } from '../core/experiment.ts';
import { isHelm } from '../core/task.ts';
import { activitiesFor, verifyTarget } from './activities.ts';
import type { JudgedRevision } from './contract.ts';
import { experimentOf } from './run.ts';
import type { Run } from './run.ts';
import { runTasks } from './tasks.ts';
import { followLatest } from './traffic.ts';

/** Charts and values may have changed since the preflight: what is promoted must be what was judged. */
export async function compareAgain(run: Run): Promise<void> {
  const experiment = experimentOf(run);
  if (!experiment.finish.some(isHelm)) return;
  const revisions = { baseline: judged(run, 'baseline'), candidate: judged(run, 'candidate') };
  await activitiesFor(experiment).compareRendered({ experiment, winner: 'candidate', revisions });
}

/** Runs the finish actions for the winner, then proves that the target serves it. */
export async function runFinishActions(run: Run, winner: Role): Promise<void> {
  const { finish: tasks, target } = experimentOf(run);
  await runTasks(run, tasks, winner);
  const requireLatest = tasks.length > 0;
  const { mayFollowLatest } = await verifyTarget({ target, winner: judged(run, winner), requireLatest });
  if (mayFollowLatest) await followLatest(run, winner);
}

function judged(run: Run, role: Role): JudgedRevision {
  return { revision: experimentOf(run)[role].revision, image: run.state.images?.[role] ?? '' };
}
