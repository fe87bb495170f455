import { valid } from 'semver';
import type { ChartSource } from '../../core/tasks/helm-command.ts';
import { readRegistryUrl } from '../../core/tasks/helm-names.ts';
import { isJsonObject, parseJson, readField } from '../../core/text/json.ts';
import { failure } from '../failures.ts';
import { chooseNewest } from './chart-repository.ts';
import { OciRegistry } from './oci-registry.ts';
import type { RegistryAccess } from './oci-registry.ts';

type OciChart = Extract<ChartSource, { kind: 'oci' }>;

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** The archive of a chart (helm.sh/helm/v3 `pkg/registry/constants.go`), in its present and its former type. */
const archiveTypes: ReadonlySet<unknown> = new Set([
  'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
  'application/tar+gzip',
]);

const documentBytes = 4 * 1024 * 1024;

/**
 * Fetches the archive of a chart from its registry; each digest on the way is checked. Fails as `HttpUnavailable` for what may pass
 * by itself, as `HttpRefused` where there is no such chart, and as `AddressNotAllowed`.
 */
export async function fetchOciChart(access: RegistryAccess, chart: OciChart, limitBytes: number): Promise<Buffer> {
  const place = readRegistryUrl(chart.url);
  if (place === undefined) throw failure('AddressNotAllowed', { message: 'only oci://host/path is allowed' });
  const { host, path, tag, digest } = place;
  const registry = new OciRegistry(access, host);
  const reference = digest ?? tag ?? (await chooseTag(registry, path, chart));
  const url = `${path}/manifests/${reference}`;
  const manifest =
    digest === undefined
      ? await registry.read(url, { accept: manifestType, limitBytes: documentBytes })
      : await registry.readByDigest(url, digest, { accept: manifestType, limitBytes: documentBytes });
  const archive = findArchive(parseJson(manifest.toString('utf8')));
  if (archive === undefined) throw failure('HttpRefused', { message: `${chart.url} is no chart of helm` });
  return registry.readByDigest(`${path}/blobs/${archive}`, archive, { accept: '*/*', limitBytes });
}

/** The tag of the version that is asked for: itself, or the newest in its range. Tags have `_` for `+`. */
async function chooseTag(registry: OciRegistry, path: string, { url, version = '*' }: OciChart): Promise<string> {
  if (valid(version) !== null) return version.replaceAll('+', '_');
  const tags = await registry.listTags(path, documentBytes);
  const versions = tags.map((tag) => ({ version: tag.replaceAll('_', '+') }));
  const newest = chooseNewest(versions, { range: version, isDevel: false });
  if (newest !== undefined) return newest.version.replaceAll('+', '_');
  throw failure('HttpRefused', { message: `${url} has no version ${version}` });
}

/** The digest of the chart's archive in an image manifest. */
function findArchive(manifest: unknown): string | undefined {
  const layers = readField(manifest, 'layers');
  const archive: unknown = Array.isArray(layers)
    ? layers.find((layer) => archiveTypes.has(readField(layer, 'mediaType')))
    : undefined;
  const digest = isJsonObject(archive) ? archive['digest'] : undefined;
  return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : undefined;
}
