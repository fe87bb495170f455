import { CancellationScope } from '@temporalio/workflow';
import { buildJudgeInput } from '../core/planner/fold-observation.ts';
import { guarding } from './activities.ts';
import { currentTimeMs } from './run/clock.ts';
import { loadedExperiment } from './run/run.ts';
import type { Run } from './run/run.ts';
import { buildQuery } from './query.ts';

/** The watch over the candidates between two iterations. */
export interface Guard {
  /** Whether a candidate fails. */
  readonly hasFired: boolean;
  readonly stop: () => void;
}

/** No watch at all. */
export const idleGuard: Guard = { hasFired: false, stop: () => undefined };

/** Starts the watch until the next iteration is due, where the manifest asks for one and there is time for a look. */
export function startGuard(run: Run, dueMs: number): Guard {
  const experiment = loadedExperiment(run);
  const { guardMs } = experiment.analysis;
  const leftMs = dueMs - currentTimeMs();
  if (guardMs === undefined || leftMs <= guardMs || !run.state.traffic.confirmed) return idleGuard;
  const judge = buildJudgeInput(run.state, experiment);
  const scope = new CancellationScope();
  const guard = { hasFired: false, stop: () => scope.cancel() };
  const watched = scope.run(() =>
    guarding(leftMs).guardCandidates({ query: buildQuery(run), judge, everyMs: guardMs, untilMs: dueMs }),
  );
  // One that fails, or is stopped, is no reason to end an interval early.
  watched.then(
    ({ isFailing }) => (guard.hasFired = isFailing),
    () => undefined,
  );
  return guard;
}
