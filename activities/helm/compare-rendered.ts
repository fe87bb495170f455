import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { Version } from '../../core/experiment/experiment.ts';
import { listWinnerProblems } from '../../core/tasks/winner-problems.ts';
import { defined } from '../../core/text/defined.ts';
import { listFirst } from '../../core/text/limits.ts';
import { redactText } from '../../core/text/redact-text.ts';
import { allVersions } from '../../core/experiment/versions.ts';
import type { ExperimentActivities } from '../../contract/activities.ts';
import { failure } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import { compareUpgrades, helmUpgrades } from './render-tasks.ts';
import type { CompareDependencies, ComparedUpgrades, WinnerUpgrade } from './render-tasks.ts';
import { renderingDigest } from './rendering-digest.ts';

type CompareInput = Parameters<ExperimentActivities['compareRendered']>[0];

/** Renders the winner's helm commands again; fails as `PromotionMismatch` with every difference from what was judged. */
export async function compareRendered(
  dependencies: CompareDependencies,
  { experiment, winner, revisions, digest, pins }: CompareInput,
): Promise<void> {
  const version = allVersions(experiment).find(({ name }) => name === winner);
  if (version === undefined) throw new Error(`the experiment has no version ${winner}`);
  const { upgrades, problems } = helmUpgrades(experiment, version);
  const compared = await withHeartbeats(() =>
    compareUpgrades(dependencies, { experiment, upgrades, revisions, ...defined({ pins }) }),
  );
  const found = [
    ...problems,
    ...listWinnerProblems(compared.problems),
    ...changed(compared, { upgrades, version, digest }),
  ];
  if (found.length === 0) return;
  const listed = listFirst(found.map(redactText));
  const message = `the finish actions would not deploy what was judged on ${formatObjectName(experiment.target)}`;
  throw failure('PromotionMismatch', {
    message: `${message}:\n- ${listed.join('\n- ')}`,
    details: [{ problems: listed }],
  });
}

interface Pinned {
  readonly upgrades: readonly WinnerUpgrade[];
  readonly version: Version;
  readonly digest: string | undefined;
}

/** What could not be rendered is told as such. */
function changed({ renderings }: ComparedUpgrades, { upgrades, version, digest }: Pinned): readonly string[] {
  if (digest === undefined || renderings.length < upgrades.length) return [];
  if (renderingDigest(renderings.map(({ content }) => content)) === digest) return [];
  return [
    `for ${version.name}: chart and values render something else, in the manifest or in a hook, than at the start of the experiment, although nothing of the judged revision differs; start the experiment again with what shall be promoted`,
  ];
}
