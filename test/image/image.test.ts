import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { nodeVersion } from '../../deploy/image/programs.ts';
import { tools } from '../../sandbox/tools/table.ts';
import manifest from '../../package.json' with { type: 'json' };
import { testCluster } from '../support/cluster.ts';
import { runOnce, startContainer } from '../support/container.ts';
import { climb } from '../support/manifest.ts';
import { deployTarget, servedTraffic, startExperiment, underLoad } from '../support/scenario.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const image = inject('image');
const open: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

interface Inspection {
  readonly Size: number;
  readonly Config: { readonly User: string; readonly Labels: Readonly<Record<string, string>> };
}

async function inspect(): Promise<Inspection> {
  const { stdout } = await run(image.engine, ['image', 'inspect', image.name]);
  const [inspection] = JSON.parse(stdout) as [Inspection];
  return inspection;
}

/** Evaluates an expression in the image. */
async function evaluate<T>(expression: string): Promise<T> {
  const printed = await runOnce(image, { command: ['node', '--print', `JSON.stringify(${expression})`] });
  return JSON.parse(printed) as T;
}

describe('the image', () => {
  test('has less than 300 MB', async () => {
    const { Size: bytes } = await inspect();
    process.stdout.write(`the image has ${Math.round(bytes / 1e6)} MB\n`);
    expect(bytes).toBeLessThan(300e6);
  });

  test('says what it is: title, version, commit, license, base', async () => {
    const { Labels: labels } = (await inspect()).Config;
    // An unpacked archive has no commit.
    const commit = await run('git', ['rev-parse', 'HEAD']).then(
      ({ stdout }) => stdout.trim(),
      () => 'unknown',
    );
    expect(labels).toMatchObject({
      'org.opencontainers.image.title': 'serin',
      'org.opencontainers.image.version': manifest.version,
      'org.opencontainers.image.revision': commit,
      'org.opencontainers.image.licenses': manifest.license,
      'org.opencontainers.image.base.name': 'docker.io/library/debian:bookworm-slim',
    });
  });

  test('runs as a numbered user who is not root', async () => {
    expect((await inspect()).Config.User).toBe('65532:65532');
    expect(await evaluate<number>('process.getuid()')).toBe(65532);
  });

  test('has the programs that serin runs, and no shell', async () => {
    expect(await evaluate<string[]>(`fs.readdirSync('/usr/local/bin')`)).toEqual(['helm', 'kubectl', 'node']);
    expect(await evaluate<string[]>(`['/bin', '/usr/bin', '/sbin'].filter(fs.existsSync)`)).toEqual([]);
    expect(await evaluate<string>('process.versions.node')).toBe(nodeVersion());
    expect(await runOnce(image, { command: ['helm', 'version', '--short'] })).toContain(`v${tools.helm.version}`);
    const kubectl = await runOnce(image, { command: ['kubectl', 'version', '--client'] });
    expect(kubectl).toContain(`v${tools.kubectl.version}`);
  });

  test('has the command line too', async () => {
    expect(await runOnce(image, { command: ['node', 'bin/serin.js', '--version'] })).toBe(`${manifest.version}\n`);
  });

  test('can write temporary files only', async () => {
    const attempt = (path: string): string =>
      `(() => { try { fs.writeFileSync('${path}', ''); return 'written' } catch ({ code }) { return code } })()`;
    expect(await evaluate<string>(attempt('/tmp/file'))).toBe('written');
    expect(await evaluate<string>(attempt('/opt/serin/file'))).toBe('EROFS');
  });

  test('has a bill of materials that names each package in it, and the programs with their checksums', async () => {
    const bill = await evaluate<Bill>(`JSON.parse(fs.readFileSync('/opt/serin/sbom.cdx.json', 'utf8'))`);
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
    const listed = bill.components.map(({ name, version }) => `${name}@${version}`);
    const manifests = await evaluate<string[]>(
      `fs.globSync('/opt/serin/node_modules/**/package.json').map((path) => JSON.parse(fs.readFileSync(path, 'utf8')))` +
        `.filter(({ name, version }) => name && version).map(({ name, version }) => name + '@' + version)`,
    );
    expect(listed.length).toBeGreaterThan(50);
    expect(manifests.filter((name) => !listed.includes(name))).toEqual([]);
    for (const name of ['node', 'helm', 'kubectl']) {
      const hash = await evaluate<string>(`crypto.hash('sha256', fs.readFileSync('/usr/local/bin/${name}'))`);
      const component = bill.components.find((one) => one.name === name);
      expect(component?.hashes).toEqual([{ alg: 'SHA-256', content: hash }]);
    }
  });
});

interface Bill {
  readonly components: readonly { readonly name: string; readonly version: string; readonly hashes?: unknown }[];
}

describe("the image's worker", () => {
  test('promotes an experiment, with nothing writable and no capabilities, and stops in order', async () => {
    const { sandbox } = await testCluster();
    const taskQueue = 'image';
    const worker = await startContainer(image, {
      env: {
        TEMPORAL_ADDRESS: sandbox.temporal.address,
        KUBECONFIG: '/etc/serin/kubeconfig',
        SERIN_TASK_QUEUE: taskQueue,
        SERIN_PROMETHEUS_URL: sandbox.prometheus.url,
        SERIN_PROMETHEUS_SCRAPE_INTERVAL: '500ms',
        SERIN_ALLOWED_HOSTS: '127.0.0.1,localhost',
        SERIN_HEALTH_ADDRESS: '127.0.0.1:0',
        SERIN_METRICS_ADDRESS: 'none',
      },
      files: { '/etc/serin/kubeconfig': await readableCopy(sandbox.workerKubeconfig) },
    });
    open.push(worker.remove);
    await until("the image's worker to start", async () => (await worker.logs()).includes('worker started'));
    const target = await deployTarget({ name: 'contained', namespace: 'image' });
    const { value: end } = await underLoad(target, async () =>
      (await startExperiment(target, { taskQueue, iterations: 4, intervalSeconds: 4, weights: climb })).end(),
    );
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    expect(await worker.stop()).toBe(0);
  });
});

/** The user of the container is not the one of this machine. */
async function readableCopy(file: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'serin-image-test-'));
  open.push(() => rm(directory, { recursive: true }));
  const copy = join(directory, 'kubeconfig');
  await copyFile(file, copy);
  await chmod(copy, 0o644);
  return copy;
}
