import type { Experiment } from '../../core/experiment/experiment.ts';
import type { Helm, ReleaseName } from '../helm/helm.ts';
import type { WinnerUpgrade } from '../helm/render-tasks.ts';
import { describeRelease, isPending, effectivePendingLimitMs, pendingMs } from '../helm/repair.ts';
import { upgradedRelease } from '../helm/run-helm.ts';

const testedMajor = 3;

/** The first that can leave the schemas of charts alone. */
const oldestMinor = 16;

/** What is different there, for those who wonder: the rehearsal would rehearse something else. */
const helm4 =
  'Helm 4 applies new releases on the side of the server, where the rehearsal sends the merge patch of Helm 3';

/** Why this helm cannot be used; undefined when it can. */
export async function unsupportedHelm(helm: Helm): Promise<string | undefined> {
  const version = await helm.version();
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === String(testedMajor)) {
    if (Number(minor) >= oldestMinor) return undefined;
    return `helm ${version} is too old: expected ${testedMajor}.${oldestMinor} or newer, which has --skip-schema-validation`;
  }
  const why = major === '4' ? `; ${helm4}` : '';
  return `helm ${version} is not supported: serin is tested with Helm ${testedMajor} only${why}; give the worker a Helm ${testedMajor}`;
}

/** The releases that the upgrades are about, each once, with the longest `--timeout` that is used on it. */
export function upgradedReleases(
  upgrades: readonly WinnerUpgrade[],
  { target }: Experiment,
): readonly (ReleaseName & { readonly timeoutMs: number })[] {
  const releases = new Map<string, ReleaseName & { timeoutMs: number }>();
  for (const { upgrade } of upgrades) {
    const name = upgradedRelease(upgrade, { target });
    const key = `${name.namespace}/${name.release}`;
    const timeoutMs = Math.max(upgrade.timeoutMs, releases.get(key)?.timeoutMs ?? 0);
    releases.set(key, { ...name, timeoutMs });
  }
  return [...releases.values()];
}

/** Why the release cannot be upgraded now; undefined when it can. */
export async function releaseProblem(
  helm: Helm,
  { timeoutMs, ...name }: ReleaseName & { readonly timeoutMs: number },
): Promise<string | undefined> {
  const state = await helm.status(name);
  if (state === undefined) {
    const shown = `${name.namespace}/${name.release}`;
    return `release ${shown} does not exist: a finish action would install it beside what is running; name the release of the target and its namespace`;
  }
  if (!isPending(state)) return undefined;
  const leftMs = pendingMs(state, { limitMs: effectivePendingLimitMs(helm, { timeoutMs }), nowMs: Date.now() });
  if (leftMs === 0) return undefined;
  return `${describeRelease(name, state)}: an operation may be at work for another ${Math.ceil(leftMs / 1000)} s; start again when it has ended`;
}
