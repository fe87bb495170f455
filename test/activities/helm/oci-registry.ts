import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startHttpServer } from '../http/http-server.ts';
import type { TestServer } from '../http/http-server.ts';

export interface RegistryBehaviour {
  readonly versions: readonly string[];
  /** Tags that one page of the list has. */
  readonly pageSize: number;
  /** The token server that the registry names, which gives this registry's token to that login alone, or to everybody. */
  readonly tokens?: { readonly realm: string };
  /** Where blobs are redirected to, by their path. */
  readonly blobsAt?: string;
  /** What is served for the archive. */
  readonly served?: Buffer;
}

/** The token that the test's token server gives out. */
export const registryToken = 'a-token-for-pulling';

/** A registry on loopback (which is asked over HTTP) that has one chart, `charts/app`. */
export async function startRegistry(
  archive: Buffer,
  behaviour: Partial<RegistryBehaviour> = {},
): Promise<TestServer & { readonly chartUrl: string; readonly manifestDigest: string }> {
  const { versions = ['0.1.0'], pageSize = 100, tokens, blobsAt, served = archive } = behaviour;
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      layers: [{ ...describe(archive), mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip' }],
    }),
  );
  const blobPath = `/v2/charts/app/blobs/${describe(archive).digest}`;
  const references = new Set([...versions, describe(manifest).digest]);
  const server = await startHttpServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://registry');
    if (tokens !== undefined && !isAuthorized(request)) return challenge(response, tokens.realm);
    if (pathname === '/v2/charts/app/tags/list') {
      return listTags(response, versions, { from: Number(searchParams.get('from') ?? 0), pageSize });
    }
    const [, reference = ''] = /^\/v2\/charts\/app\/manifests\/(.*)$/.exec(pathname) ?? [];
    if (references.has(reference)) return void response.writeHead(200, { 'content-type': manifestType }).end(manifest);
    if (pathname !== blobPath) return void response.writeHead(404).end();
    if (blobsAt !== undefined) return void response.writeHead(307, { location: blobsAt }).end();
    response.end(served);
  });
  const chartUrl = `oci://127.0.0.1:${server.port}/charts/app`;
  return { ...server, chartUrl, manifestDigest: describe(manifest).digest };
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

function isAuthorized({ headers }: IncomingMessage): boolean {
  return headers.authorization === `Bearer ${registryToken}`;
}

function challenge(response: ServerResponse, realm: string): void {
  const asked = `Bearer realm="${realm}",service="the registry",scope="repository:charts/app:pull"`;
  response.writeHead(401, { 'www-authenticate': asked }).end();
}

function listTags(
  response: ServerResponse,
  versions: readonly string[],
  { from, pageSize }: { readonly from: number; readonly pageSize: number },
): void {
  const next = from + pageSize;
  const link = next < versions.length ? { link: `</v2/charts/app/tags/list?from=${next}>; rel="next"` } : {};
  response.writeHead(200, link).end(JSON.stringify({ tags: versions.slice(from, next) }));
}

function describe(content: Buffer): { readonly digest: string; readonly size: number } {
  return { digest: `sha256:${createHash('sha256').update(content).digest('hex')}`, size: content.length };
}
