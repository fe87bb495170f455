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
import { followLatest } from '../traffic.ts';
import { defined } from '../../core/text/defined.ts';

export interface FinishOptions {
  /** Default: those of the manifest. */
  readonly tasks?: readonly Task[];
  /** Whether the traffic stays pinned to the winner. */
  readonly keepsPinned?: boolean;
}

/**
 * Runs the finish actions for the winner, then verifies that the target serves it. A failure says what had run before it
 * and, when the winner is a candidate, how to bring the release back.
 */
export async function runFinishActions(run: Run, winner: Version, options: FinishOptions = {}): Promise<void> {
  const experiment = loadedExperiment(run);
  const { tasks = experiment.finish, keepsPinned = false } = options;
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
    if (!movesTraffic(experiment)) return;
    const mayFollow = await verify(run, winner, requireLatest);
    if (mayFollow && !keepsPinned) await followLatest(run, winner);
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

/** Lets the traffic, which was kept pinned to the winner, follow the latest revision where that is the winner. */
export async function releaseTraffic(run: Run, winner: Version): Promise<void> {
  if (await verify(run, winner, false)) await followLatest(run, winner);
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
