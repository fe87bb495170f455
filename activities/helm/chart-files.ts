import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChartSource, HelmUpgrade, UpgradeFiles } from '../../core/tasks/helm-command.ts';
import type { SourceDigests } from '../../core/text/source-digests.ts';
import { failure, hasType, innermostMessage } from '../failures.ts';
import { inScratchDirectory } from '../scratch-directory.ts';
import { chooseVersion, indexUrl } from './chart-repository.ts';
import { fetchOciChart } from './oci-chart.ts';
import type { RegistryAccess } from './oci-registry.ts';

/** How charts and values are fetched; every failure has a type of `core/failures.ts`. */
export interface ChartDownloads {
  /** The bytes at an http or https URL whose address manifests may ask. */
  readonly download: (url: string, limitBytes: number) => Promise<Buffer>;
  readonly registries: RegistryAccess;
}

const mebibyte = 1024 * 1024;

/** The largest files that are taken: a release with its chart fits into an etcd object, 1.5 MiB compressed. */
const limits = { chart: 20 * mebibyte, index: 4 * mebibyte, values: mebibyte } as const;

/**
 * Downloads the chart and the values of an upgrade, and calls `use` with the files. Fails as `PromotionMismatch` where a file is not
 * the one whose digest is pinned.
 */
export async function withUpgradeFiles<T>(
  downloads: ChartDownloads,
  { upgrade, pins = {} }: { readonly upgrade: Pick<HelmUpgrade, 'chart' | 'values'>; readonly pins?: SourceDigests },
  use: (files: UpgradeFiles & { readonly directory: string }, digests: SourceDigests) => Promise<T>,
): Promise<T> {
  return inScratchDirectory('chart', async (directory) => {
    const digests: Record<string, string> = {};
    const keep = async (source: string, file: string, bytes: Buffer): Promise<string> => {
      digests[source] = requirePinned(source, bytes, pins);
      const path = join(directory, file);
      await writeFile(path, bytes);
      return path;
    };
    const { chart, values } = upgrade;
    const archive = await keep(sourceTitle(chart), 'chart.tgz', await fetchChart(downloads, chart));
    const files: string[] = [];
    for (const [index, url] of values.entries()) {
      files.push(await keep(url, `values-${index}.yaml`, await fetchFile(downloads, url, limits.values)));
    }
    return use({ chart: archive, values: files, directory }, digests);
  });
}

/** The chart as messages and pins name it. */
function sourceTitle(source: ChartSource): string {
  if (source.kind === 'archive') return source.url;
  const version = source.version === undefined ? '' : ` ${source.version}`;
  return source.kind === 'oci' ? `${source.url}${version}` : `${source.name}${version} of ${source.url}`;
}

function requirePinned(source: string, bytes: Buffer, pins: SourceDigests): string {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const pinned = Object.hasOwn(pins, source) ? pins[source] : undefined;
  if (pinned === undefined || pinned === digest) return digest;
  const now = `${source} is not what it was when the experiment began: sha256 ${digest}, then ${pinned}`;
  throw failure('PromotionMismatch', { message: `${now}; start the experiment again with what shall be promoted` });
}

async function fetchChart(downloads: ChartDownloads, source: ChartSource): Promise<Buffer> {
  switch (source.kind) {
    case 'archive':
      return fetchFile(downloads, source.url, limits.chart);
    case 'oci':
      return asChartFailure(() => fetchOciChart(downloads.registries, source, limits.chart));
    case 'repository':
      return fetchFromRepository(downloads, source);
  }
}

async function fetchFromRepository(
  downloads: ChartDownloads,
  source: Extract<ChartSource, { kind: 'repository' }>,
): Promise<Buffer> {
  const index = await fetchFile(downloads, indexUrl(source), limits.index);
  const found = await chooseVersion(index.toString('utf8'), source);
  if (found === undefined) {
    throw failure('CommandFailed', { message: `the repository has no chart ${sourceTitle(source)}` });
  }
  const bytes = await fetchFile(downloads, found.url, limits.chart);
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (found.digest === undefined || found.digest === digest) return bytes;
  const message = `chart ${sourceTitle(source)} has sha256 ${digest}, but its repository says ${found.digest}`;
  throw failure('CommandFailed', { message });
}

async function fetchFile({ download }: ChartDownloads, url: string, limitBytes: number): Promise<Buffer> {
  return asChartFailure(() => download(url, limitBytes));
}

/** A chart that cannot be had is told by the types that helm's own failures have. */
async function asChartFailure(fetchBytes: () => Promise<Buffer>): Promise<Buffer> {
  try {
    return await fetchBytes();
  } catch (error) {
    if (hasType(error, 'HttpUnavailable')) throw failure('ChartUnavailable', { message: innermostMessage(error) });
    if (hasType(error, 'HttpRefused')) throw failure('CommandFailed', { message: innermostMessage(error) });
    throw error;
  }
}
