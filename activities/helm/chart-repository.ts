import { compareBuild, rsort, satisfies, valid, validRange } from 'semver';
import type { ChartVersion } from '../../formats/chart-index.ts';
import type { ChartSource } from '../../core/tasks/helm-command.ts';
import { readWithinLimits } from '../read-within-limits.ts';

type RepositoryChart = Extract<ChartSource, { kind: 'repository' }>;

/** Where the index of a repository is. */
export function indexUrl({ url }: RepositoryChart): string {
  return `${url.replace(/\/+$/, '')}/index.yaml`;
}

/** The newest version that the source asks for, its URL complete; undefined when the index has none. */
export async function chooseVersion(index: string, source: RepositoryChart): Promise<ChartVersion | undefined> {
  const what = `the index of repository ${source.url}`;
  const versions = await readWithinLimits(what, 'readChartVersions', index, source.name);
  const exact = versions.find(({ version }) => version === source.version);
  const chosen = exact ?? newest(versions, source);
  return chosen && { ...chosen, url: new URL(chosen.url, indexUrl(source)).href };
}

function newest(versions: readonly ChartVersion[], source: RepositoryChart): ChartVersion | undefined {
  const { version: range = '*', isDevel } = source;
  if (validRange(range) === null) return undefined;
  const fitting = versions.filter(({ version }) => {
    return valid(version) !== null && satisfies(version, range, { includePrerelease: isDevel });
  });
  const [best] = rsort(fitting.map(({ version }) => version));
  return fitting.find(({ version }) => best !== undefined && compareBuild(version, best) === 0);
}
