import { formatObjectName } from '../../core/experiment.ts';
import { versionsOf } from '../../core/versions.ts';
import type { ExperimentActivities } from '../../workflows/contract.ts';
import { failure } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import { compareUpgrades, helmUpgrades } from './render-tasks.ts';
import type { CompareDependencies } from './render-tasks.ts';

type CompareInput = Parameters<ExperimentActivities['compareRendered']>[0];

/** Renders the winner's helm commands once more; fails as `PromotionMismatch` with every difference. */
export async function compareRendered(
  dependencies: CompareDependencies,
  { experiment, winner, revisions }: CompareInput,
): Promise<void> {
  const version = versionsOf(experiment).find(({ name }) => name === winner);
  if (version === undefined) throw new Error(`the experiment has no version ${winner}`);
  const { upgrades, problems } = helmUpgrades(experiment, version);
  const differences = await withHeartbeats(() => compareUpgrades(dependencies, { experiment, upgrades, revisions }));
  const found = [...problems, ...differences];
  if (found.length === 0) return;
  const message = `the finish actions would not deploy what was judged on ${formatObjectName(experiment.target)}`;
  throw failure('PromotionMismatch', {
    message: `${message}:\n- ${found.join('\n- ')}`,
    details: [{ problems: found }],
  });
}
