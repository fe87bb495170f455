import type { Experiment, Version } from '../../core/experiment/experiment.ts';
import { formatFinished, mendingCommands } from '../../core/tasks/finished-tasks.ts';
import type { FinishedTask } from '../../core/tasks/finished-tasks.ts';
import { isHelm, mayDeploy } from '../../core/tasks/task.ts';
import type { Task } from '../../core/experiment/task-kinds.ts';
import { movesTraffic, allVersions } from '../../core/experiment/versions.ts';
import { activitiesFor, verifyTarget } from '../activities.ts';
import type { JudgedRevision } from '../../contract/traffic.ts';
import { explained } from '../failures.ts';
import { loadedExperiment } from '../run/run.ts';
import type { Run } from '../run/run.ts';
import { runTask } from './run-task.ts';
import { defined } from '../../core/text/defined.ts';

/** Whether the traffic may follow the latest revision, which is the winner. */
export interface Finished {
  readonly mayFollowLatest: boolean;
}

/**
 * Runs the finish actions for the winner, then verifies that the target serves it. A failure says what had run before it
 * and, when the winner is a candidate, how to bring the release back.
 *
 * @param tasks by default those of the manifest.
 */
export async function runFinishActions(
  run: Run,
  winner: Version,
  tasks: readonly Task[] = loadedExperiment(run).finish,
): Promise<Finished> {
  const experiment = loadedExperiment(run);
  await compareAgain(run, winner, tasks);
  const finished: FinishedTask[] = [];
  let requireLatest = false;
  try {
    for (const [index, task] of tasks.entries()) {
      const place = { action: 'finish', index } as const;
      const ran = await runTask(run, task, { version: winner, place });
      finished.push(...ran);
      requireLatest ||= ran.length > 0 && mayDeploy(task);
    }
    return { mayFollowLatest: movesTraffic(experiment) && (await verify(run, winner, requireLatest)) };
  } catch (error) {
    const context = finished.length === 0 ? undefined : `after ${formatFinished(finished)}`;
    throw explained(error, {
      context,
      advice: winner.name === experiment.baseline.name ? undefined : restoreAdvice(experiment),
    });
  }
}

/** Charts and values may have changed since the preflight: what is deployed must be what was judged. */
async function compareAgain(run: Run, { name: winner }: Version, tasks: readonly Task[]): Promise<void> {
  const experiment = loadedExperiment(run);
  if (!tasks.some(isHelm)) return;
  const revisions = allVersions(experiment).map((version) => judged(run, version));
  const { digests = {}, pins } = run.state.preflight ?? {};
  await activitiesFor(experiment).compareRendered({
    experiment,
    winner,
    revisions,
    ...defined({ digest: digests[winner], pins }),
  });
}

/** Verifies once more that the target serves the winner, which has been watched. */
export async function verifyWatched(run: Run, winner: Version): Promise<Finished> {
  return { mayFollowLatest: await verify(run, winner, false) };
}

/** Verifies the target; after a deployment the winner must be the latest revision. Returns whether the traffic may follow the latest one. */
async function verify(run: Run, winner: Version, requireLatest: boolean): Promise<boolean> {
  const { namespace, target } = loadedExperiment(run);
  const expected = { namespace, target, winner: judged(run, winner), requireLatest };
  const { mayFollowLatest } = await verifyTarget(expected);
  return mayFollowLatest;
}

function judged(run: Run, { name, revision }: Version): JudgedRevision {
  return { revision, image: run.state.preflight?.images[name] ?? '' };
}

/** How to bring the release back: the traffic returns by itself, a release that has begun to change does not. */
function restoreAdvice(experiment: Experiment): string | undefined {
  const commands = mendingCommands(experiment).map((command) => `\`${command}\``);
  return commands.length === 0 ? undefined : `to bring the release back to the baseline: ${commands.join(', ')}`;
}
