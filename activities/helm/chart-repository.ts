import { Range, compareBuild, rsort, valid, validRange } from 'semver';
import type { ChartVersion } from '../../formats/chart-index.ts';
import type { ChartSource } from '../../core/tasks/helm-command.ts';
import { withoutTrailingSlashes } from '../../core/text/trailing-slashes.ts';
import { readWithinLimits } from '../read-within-limits.ts';

type RepositoryChart = Extract<ChartSource, { kind: 'repository' }>;

/** Where the index of a repository is. */
export function indexUrl({ url }: RepositoryChart): string {
  return `${withoutTrailingSlashes(url)}/index.yaml`;
}

/** The newest version that the source asks for, its URL complete; undefined when the index has none. */
export async function chooseVersion(index: string, source: RepositoryChart): Promise<ChartVersion | undefined> {
  const what = `the index of repository ${source.url}`;
  const versions = await readWithinLimits(what, 'readChartVersions', index, source.name);
  const exact = versions.find(({ version }) => version === source.version);
  const { version: range = '*', isDevel } = source;
  const chosen = exact ?? chooseNewest(versions, { range, isDevel });
  return chosen && { ...chosen, url: new URL(chosen.url, indexUrl(source)).href };
}

/** Which versions are wanted. */
export interface VersionRange {
  /** In the syntax of npm; what is no range has no version. */
  readonly range: string;
  /** Whether versions such as `1.0.0-rc.1` are taken too. */
  readonly isDevel: boolean;
}

/** No range that people write is longer; longer ones take long to read. */
const longestRange = 256;

/** The newest version in a range; undefined where there is none. */
export function chooseNewest<V extends { readonly version: string }>(
  versions: readonly V[],
  { range, isDevel }: VersionRange,
): V | undefined {
  if (range.length > longestRange || validRange(range) === null) return undefined;
  const wanted = new Range(range, { includePrerelease: isDevel });
  const fitting = versions.filter(({ version }) => valid(version) !== null && wanted.test(version));
  const [best] = rsort(fitting.map(({ version }) => version));
  return fitting.find(({ version }) => best !== undefined && compareBuild(version, best) === 0);
}
