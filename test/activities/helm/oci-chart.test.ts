import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { fetchOciChart } from '../../../activities/helm/oci-chart.ts';
import { findRegistryLogin } from '../../../activities/helm/registry-login.ts';
import { withUpgradeFiles } from '../../../activities/helm/chart-files.ts';
import type { ChartDownloads } from '../../../activities/helm/chart-files.ts';
import { requestBytes } from '../../../activities/http/request-text.ts';
import { parseHelmCommand } from '../../../core/tasks/helm-command.ts';
import type { SourceDigests } from '../../../core/text/source-digests.ts';
import { downloadAnything } from '../../support/access.ts';
import { asActivity, caughtFailure } from '../../support/activity.ts';
import { startHttpServer } from '../http/http-server.ts';
import type { TestServer } from '../http/http-server.ts';
import { registryToken, startRegistry } from './oci-registry.ts';
import type { RegistryBehaviour } from './oci-registry.ts';

const archive = Buffer.from('the archive of a chart');

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function startOwn(behaviour?: Partial<RegistryBehaviour>): ReturnType<typeof startRegistry> {
  const registry = await startRegistry(archive, behaviour);
  servers.push(registry);
  return registry;
}

/** A server that gives the token to whom it pleases, and is seen by what it received. */
async function startTokenServer(): Promise<TestServer> {
  const server = await startHttpServer((_, response) => response.end(JSON.stringify({ token: registryToken })));
  servers.push(server);
  return server;
}

/** A worker's downloads, with these hosts opened, and with the logins of a file. */
function downloadsOf(allowedHosts: readonly string[], logins?: string): ChartDownloads {
  const { signal } = new AbortController();
  return {
    download: downloadAnything,
    registries: {
      ask: (request) => requestBytes({ ...request, method: 'GET', limitMs: 30_000, signal, allowedHosts }),
      findLogin: (host) => findRegistryLogin(logins, host),
    },
  };
}

/** The digests of what an upgrade of the chart downloads. */
async function pin(chart: readonly string[], downloads: ChartDownloads): Promise<SourceDigests> {
  const command = parseHelmCommand(['upgrade', 'rel', ...chart]);
  if (command.kind !== 'upgrade') throw new Error(command.problem);
  const { upgrade } = command;
  return asActivity(() => withUpgradeFiles(downloads, { upgrade }, async (_, digests) => digests));
}

const sha256 = createHash('sha256').update(archive).digest('hex');
const onLoopback = downloadsOf(['127.0.0.1']);

describe('a chart of an OCI registry', () => {
  test('is fetched from a registry that the worker opens, and pinned by its digest', async () => {
    const { chartUrl } = await startOwn();
    expect(await pin([chartUrl, '--version=0.1.0'], onLoopback)).toEqual({ [`${chartUrl} 0.1.0`]: sha256 });
  });

  test.each([
    ['the newest version', [], '1.10.0'],
    ['the newest in a range', ['--version=~1.2.0'], '1.2.9'],
    ['one that a tag names', [':0.9.0'], '0.9.0'],
    ['a version whose plus no tag can have', ['--version=1.2.3+build.5'], '1.2.3_build.5'],
  ])('is asked for as %s', async (_, [wanted = ''], tag) => {
    const versions = ['0.9.0', '1.2.9', '1.10.0', '2.0.0-rc.1', '1.2.3_build.5', 'latest'];
    const { chartUrl, received } = await startOwn({ versions, pageSize: 2 });
    const chart = wanted.startsWith(':') ? [`${chartUrl}${wanted}`] : [chartUrl, wanted].filter((word) => word !== '');
    expect(Object.values(await pin(chart, onLoopback))).toEqual([sha256]);
    expect(received.map(({ url }) => url)).toContain(`/v2/charts/app/manifests/${tag}`);
  });

  test('may be named by the digest of its manifest, which is checked', async () => {
    const { chartUrl, manifestDigest } = await startOwn();
    expect(Object.values(await pin([`${chartUrl}@${manifestDigest}`], onLoopback))).toEqual([sha256]);
  });

  test('that is not what its manifest says is refused', async () => {
    const { chartUrl } = await startOwn({ served: Buffer.from('another archive') });
    const { type, message } = await caughtFailure(() => pin([`${chartUrl}:0.1.0`], onLoopback));
    expect(type).toBe('CommandFailed');
    expect(message).toMatch(/has digest sha256:[0-9a-f]{64}, not sha256:/);
  });

  test.each([
    ['a version that does not exist', '9.9.9', /manifests\/9\.9\.9 answered 404$/],
    ['a range without a version', '^7.0.0', /has no version \^7\.0\.0$/],
  ])('of %s is told as such', async (_, version, expected) => {
    const { chartUrl } = await startOwn();
    const refusal = await caughtFailure(() => pin([chartUrl, `--version=${version}`], onLoopback));
    expect(refusal).toMatchObject({ type: 'CommandFailed', message: expect.stringMatching(expected) });
  });

  test('may be had later where its registry has no address', async () => {
    const refusal = await caughtFailure(() => pin(['oci://registry.invalid/a:1.0.0'], onLoopback));
    expect(refusal).toMatchObject({ type: 'ChartUnavailable', isRetryable: true });
  });
});

describe('a registry that wants a login', () => {
  test('gets the token that its server gives to anybody', async () => {
    const tokens = await startTokenServer();
    const { chartUrl } = await startOwn({ tokens: { realm: `${tokens.url}/token` } });
    expect(Object.values(await pin([`${chartUrl}:0.1.0`], onLoopback))).toEqual([sha256]);
    expect(tokens.received.map(({ url }) => url)).toEqual([
      '/token?service=the+registry&scope=repository%3Acharts%2Fapp%3Apull',
    ]);
  });

  test("gets the worker's login, and no other server does", async () => {
    const [tokens, elsewhere] = [await startTokenServer(), await startTokenServer()];
    const registry = await startOwn({ tokens: { realm: tokens.url }, blobsAt: `${elsewhere.url}/blob` });
    const folder = await mkdtemp(join(tmpdir(), 'serin-logins-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const logins = join(folder, 'config.json');
    const auth = Buffer.from('robot:secret').toString('base64');
    await writeFile(logins, JSON.stringify({ auths: { [`127.0.0.1:${registry.port}`]: { auth } } }));
    await caughtFailure(() => pin([`${registry.chartUrl}:0.1.0`], downloadsOf(['127.0.0.1'], logins)));
    expect(tokens.received.map(({ headers }) => headers.authorization)).toEqual([`Basic ${auth}`]);
    expect(elsewhere.received.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});

describe("the worker's login", () => {
  test('is not given to a server to which a registry redirects, though that one asks for it', async () => {
    const tokens = await startTokenServer();
    const elsewhere = await startHttpServer((_, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${tokens.url}/token"` }).end();
    });
    servers.push(elsewhere);
    const registry = await startOwn({ blobsAt: `${elsewhere.url}/blob` });
    const folder = await mkdtemp(join(tmpdir(), 'serin-logins-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const logins = join(folder, 'config.json');
    const auth = Buffer.from('robot:secret').toString('base64');
    await writeFile(logins, JSON.stringify({ auths: { [`127.0.0.1:${registry.port}`]: { auth } } }));
    await caughtFailure(() => pin([`${registry.chartUrl}:0.1.0`], downloadsOf(['127.0.0.1'], logins)));
    expect(elsewhere.received).not.toEqual([]);
    expect(tokens.received).toEqual([]);
  });
});

describe('an address that is not public', () => {
  test('is not asked as a registry, whatever its spelling', async () => {
    const registry = await startOwn();
    for (const host of ['127.0.0.1', 'localhost', '127.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]']) {
      const url = `oci://${host}:${registry.port}/charts/app:0.1.0`;
      const refusal = await caughtFailure(() => pin([url], downloadsOf(['registry.example'])));
      expect(refusal).toMatchObject({
        type: 'AddressNotAllowed',
        isRetryable: false,
        message: expect.stringMatching(/is at .*, which is not public, .*\(SERIN_ALLOWED_HOSTS\): registry\.example$/),
      });
    }
    expect(registry.received).toEqual([]);
  });

  test.each([
    ['oci://10.0.0.1/charts/app:1.0.0', /is at 10\.0\.0\.1, which is not public/],
    ['oci://192.168.1.1:5000/charts/app:1.0.0', /is at 192\.168\.1\.1, which is not public/],
    ['oci://[fd00::1]/charts/app:1.0.0', /is at fd00::1, which is not public/],
    ['oci://169.254.169.254/charts/app:1.0.0', /link-local and metadata addresses are never allowed/],
  ])('is not asked: %s', async (url, message) => {
    const refusal = await caughtFailure(() => pin([url], downloadsOf([])));
    expect(refusal).toMatchObject({ type: 'AddressNotAllowed', message: expect.stringMatching(message) });
  });

  test('is not asked for the token of a registry that the worker opens', async () => {
    const tokens = await startTokenServer();
    const { chartUrl, port } = await startOwn({ tokens: { realm: tokens.url } });
    const downloads = downloadsOf([`127.0.0.1:${port}`]);
    expect((await caughtFailure(() => pin([`${chartUrl}:0.1.0`], downloads))).type).toBe('AddressNotAllowed');
    expect(tokens.received).toEqual([]);
  });

  test('is not asked where the registry redirects to it', async () => {
    const elsewhere = await startTokenServer();
    const { chartUrl, port } = await startOwn({ blobsAt: `${elsewhere.url}/latest/meta-data` });
    const downloads = downloadsOf([`127.0.0.1:${port}`]);
    expect((await caughtFailure(() => pin([`${chartUrl}:0.1.0`], downloads))).type).toBe('AddressNotAllowed');
    expect(elsewhere.received).toEqual([]);
  });
});

test('an image that is no chart is refused', async () => {
  const server = await startHttpServer((_, response) => response.end('{"layers":[{"mediaType":"a/b","digest":"x"}]}'));
  servers.push(server);
  const chart = { kind: 'oci', url: `oci://127.0.0.1:${server.port}/an/image:1.0.0` } as const;
  const refusal = await caughtFailure(() => fetchOciChart(onLoopback.registries, chart, 1024));
  expect(refusal).toMatchObject({ type: 'HttpRefused', message: `${chart.url} is no chart of helm` });
});
