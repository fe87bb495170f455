import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commandEnvironment } from '../../../activities/commands/environment.ts';
import { connectHelm } from '../../../activities/helm/helm.ts';
import { requireAllowedRegistry } from '../../../activities/http/oci-registry.ts';
import { parseHelmCommand } from '../../../core/tasks/helm-command.ts';
import type { SourceDigests } from '../../../core/text/source-digests.ts';
import { defaultBounds, downloadAnything } from '../../support/access.ts';
import { asActivity, caughtFailure } from '../../support/activity.ts';
import { testCluster } from '../../support/cluster.ts';
import { startRegistry } from './oci-registry.ts';

let helmPath: string;
let archive: Buffer;
let registry: Awaited<ReturnType<typeof startRegistry>>;

beforeAll(async () => {
  const { sandbox } = await testCluster();
  helmPath = sandbox.tools.helm;
  const folder = join(sandbox.stateDirectory, 'oci-chart');
  await mkdir(join(folder, 'templates'), { recursive: true });
  await writeFile(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: app\nversion: 0.1.0\n');
  await sandbox.helm('package', folder, '--destination', folder);
  archive = await readFile(join(folder, 'app-0.1.0.tgz'));
});
beforeEach(async () => {
  await registry?.close();
  registry = await startRegistry(archive);
});
afterAll(() => registry.close());

/** The digests of what an upgrade downloads, on a worker that opens these hosts. */
async function pin(chart: readonly string[], allowedHosts: readonly string[]): Promise<SourceDigests> {
  const helm = connectHelm({
    path: helmPath,
    environment: commandEnvironment(process.env),
    bounds: defaultBounds,
    pendingLimitMs: 0,
    isApiReady: () => Promise.resolve(true),
    download: downloadAnything,
    requireRegistry: (url) => requireAllowedRegistry(url, { allowedHosts, namespace: 'team-a' }),
  });
  const command = parseHelmCommand(['upgrade', 'rel', ...chart]);
  if (command.kind !== 'upgrade') throw new Error(command.problem);
  return helm.digests(command.upgrade);
}

describe('a chart of an OCI registry', () => {
  test('is pulled from a registry that the worker opens, and pinned by its digest', async () => {
    const { chartUrl, port } = registry;
    const digest = createHash('sha256').update(archive).digest('hex');
    const chart = [chartUrl, '--version=0.1.0'];
    expect(await asActivity(() => pin(chart, [`127.0.0.1:${port}`]))).toEqual({ [`${chartUrl} 0.1.0`]: digest });
    expect(registry.received.map(({ url }) => url)).toContain('/v2/charts/app/manifests/0.1.0');
  });

  test('is not asked of a registry on loopback that the worker does not open: helm does not even start', async () => {
    for (const host of ['127.0.0.1', 'localhost', '127.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]']) {
      const url = `oci://${host}:${registry.port}/charts/app`;
      const refusal = await caughtFailure(() => pin([url, '--version=0.1.0'], ['registry.example']));
      expect(refusal).toMatchObject({
        type: 'AddressNotAllowed',
        isRetryable: false,
        message: expect.stringMatching(/is at .*, which is not public, .*\(SERIN_ALLOWED_HOSTS\): registry\.example$/),
      });
    }
    expect(registry.received).toEqual([]);
  });

  test.each([
    ['oci://10.0.0.1/charts/app', /is at 10\.0\.0\.1, which is not public/],
    ['oci://192.168.1.1:5000/charts/app', /is at 192\.168\.1\.1, which is not public/],
    ['oci://[fd00::1]/charts/app', /is at fd00::1, which is not public/],
    ['oci://169.254.169.254/charts/app', /link-local and metadata addresses are never allowed/],
  ])('is not asked of %s', async (url, message) => {
    const refusal = await caughtFailure(() => pin([url], []));
    expect(refusal).toMatchObject({ type: 'AddressNotAllowed', message: expect.stringMatching(message) });
  });

  test('is asked of no metadata address, whatever the worker opens', async () => {
    expect((await caughtFailure(() => pin(['oci://169.254.169.254/a'], ['*']))).type).toBe('AddressNotAllowed');
  });

  test('may be had later where the name of its registry has no address', async () => {
    expect(await caughtFailure(() => pin(['oci://registry.invalid/a'], []))).toMatchObject({
      type: 'ChartUnavailable',
      isRetryable: true,
      message: expect.stringContaining('registry.invalid has no address'),
    });
  });

  test('that does not exist is told as such', async () => {
    const missing = [registry.chartUrl, '--version=9.9.9'];
    const { type, message } = await caughtFailure(() => pin(missing, ['127.0.0.1']));
    expect(type).toBe('CommandFailed');
    expect(message).toContain('9.9.9');
  });
});
