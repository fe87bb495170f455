import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startHttpServer } from '../http/http-server.ts';
import type { TestServer } from '../http/http-server.ts';

/** A registry on loopback (helm asks those over HTTP) that has one chart, `charts/app`, in version 0.1.0. */
export async function startRegistry(archive: Buffer): Promise<TestServer & { readonly chartUrl: string }> {
  const config = Buffer.from(JSON.stringify({ apiVersion: 'v2', name: 'app', version: '0.1.0' }));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: { ...describe(config), mediaType: 'application/vnd.cncf.helm.config.v1+json' },
      layers: [{ ...describe(archive), mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip' }],
    }),
  );
  const blobs = new Map([config, archive].map((blob) => [`/v2/charts/app/blobs/${describe(blob).digest}`, blob]));
  const manifests = new Map(
    ['0.1.0', describe(manifest).digest].map((name) => [`/v2/charts/app/manifests/${name}`, manifest]),
  );
  const server = await startHttpServer((request, response) => {
    const path = request.url ?? '';
    if (path === '/v2/charts/app/tags/list') return void response.end('{"name":"charts/app","tags":["0.1.0"]}');
    answer(request, response, { blob: blobs.get(path), manifest: manifests.get(path) });
  });
  return { ...server, chartUrl: `oci://127.0.0.1:${server.port}/charts/app` };
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

interface Content {
  readonly blob: Buffer | undefined;
  readonly manifest: Buffer | undefined;
}

function answer({ method }: IncomingMessage, response: ServerResponse, { blob, manifest }: Content): void {
  const content = blob ?? manifest;
  if (content === undefined) return void response.writeHead(404).end();
  const type = manifest === undefined ? 'application/octet-stream' : manifestType;
  const { digest, size } = describe(content);
  response.writeHead(200, { 'content-type': type, 'content-length': size, 'docker-content-digest': digest });
  response.end(method === 'HEAD' ? undefined : content);
}

function describe(content: Buffer): { readonly digest: string; readonly size: number } {
  return { digest: `sha256:${createHash('sha256').update(content).digest('hex')}`, size: content.length };
}
