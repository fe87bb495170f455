import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../../sandbox/processes/ports.ts';
import { devPort } from '../../support/dev-process.ts';
import { searchPathWith } from '../../support/programs.ts';
import { temporalPath } from '../../support/tools.ts';
import { bundleWorkflows } from '../../support/workflow-bundle.ts';
import { startServerEnvironment } from '../../support/workflow-environment.ts';
import { runSerin } from '../serin-environment.ts';

let folder: string;
let kubeconfig: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serin-dev-'));
  kubeconfig = join(folder, 'kubeconfig');
  const server = `https://127.0.0.1:${await freePort()}`;
  await writeFile(
    kubeconfig,
    `{current-context: gone, clusters: [{name: c, cluster: {server: "${server}"}}], contexts: [{name: gone, context: {cluster: c, user: u}}], users: [{name: u, user: {token: t}}]}`,
  );
  vi.stubEnv('SERIN_WORKFLOW_BUNDLE', await bundleWorkflows());
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Runs `serin dev` until it is ready and `use` is done with it, and then interrupts it. */
function dev(args: readonly string[], use = async (): Promise<void> => undefined) {
  const interruption = new AbortController();
  const ready = Promise.withResolvers<void>();
  const onWrite = (stdout: string): void => {
    if (stdout.includes('In another terminal')) ready.resolve();
  };
  const where = ['--kubeconfig', kubeconfig, '--state', join(folder, 'state')];
  const run = runSerin(['dev', ...where, ...args], { interrupted: interruption.signal, onWrite });
  const used = ready.promise.then(use).finally(() => interruption.abort());
  // A run that ends by itself was never ready.
  return Promise.race([run, used.then(() => run)]);
}

/** The command lines of running processes that name the folder. */
async function processesInFolder(): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(folder));
}

describe('serin dev', () => {
  test('has a Temporal of its own, whose runs are there again at the next start, one at a time', async () => {
    const port = await devPort();
    await mkdir(join(folder, 'bin'));
    await symlink(await temporalPath(), join(folder, 'bin/temporal'));
    vi.stubEnv('PATH', searchPathWith(join(folder, 'bin')));
    // Of a Temporal that is not meant.
    vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
    const flags = ['--port', String(port)];
    const at = ['--address', `localhost:${port}`];
    const manifest = ['-f', 'samples/conformance/experiment.yaml', '--task-queue', 'nobody'];
    const first = await dev(flags, async () => {
      expect((await runSerin(['start', ...manifest, ...at])).exitCode).toBe(0);
      const other = await dev(flags);
      expect(other.stderr).toMatch(
        /\d is used by another serin dev, process \d+: end it, or use another --port or --state/,
      );
      expect((await fetch(`http://localhost:${port + 1000}`)).status).toBe(200);
    });
    expect(first.stdout).toContain(
      `\nTemporal    localhost:${port}, namespace default\nWeb UI      http://localhost:${port + 1000}\n`,
    );
    expect(first.stdout).toMatch(/\nStopping the worker.*\nStopping Temporal\nAll has ended/);
    expect(await processesInFolder()).toEqual([]);

    const second = await dev(flags, async () => {
      expect((await runSerin(['get', ...at])).stdout).toContain('conformance');
    });
    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
    expect(await processesInFolder()).toEqual([]);
  }, 240_000);

  test('uses a Temporal that runs already, and makes it ready; a cluster that cannot be reached is a warning', async () => {
    const { env, teardown } = await startServerEnvironment();
    const run = await dev(['--address', env.address]);
    expect(run.stderr).toMatch(/^warning: this cluster cannot be reached, is it the one that you mean\?/);
    const lines = run.stdout.split('\n');
    expect(lines[0]).toMatch(/^Acts on the cluster https:\/\/127\.0\.0\.1:\d+ \(context gone of .*kubeconfig\)$/);
    expect(lines).toEqual(
      expect.arrayContaining([
        `Temporal    ${env.address}, namespace default`,
        '  ok    search attributes: SerinTarget, SerinStage, SerinOutcome, SerinCandidateWeight',
        '  ok    workers poll the task queue serin',
        expect.stringMatching(/^ {2}fail {2}cannot read the version: Kubernetes does not answer/),
        `  serin watch NAME --address ${env.address}`,
        'All has ended; the next `serin dev` goes on where it was.',
      ]),
    );
    expect(run.stdout).not.toContain('Stopping Temporal');
    expect(run.exitCode).toBe(0);
    await teardown();
  }, 120_000);

  test('says why its worker cannot be started, and leaves nothing in use', async () => {
    const { env, teardown } = await startServerEnvironment();
    vi.stubEnv('SERIN_LOG_LEVEL', 'loud');
    const run = await dev(['--address', env.address]);
    expect(run.stderr).toMatch(
      /serin: the worker cannot be started \(log: .*worker\.log\):\n {2}SERIN_LOG_LEVEL: expected one of .*, got "loud"\n$/,
    );
    expect(run.exitCode).toBe(1);
    const [cluster = ''] = await readdir(join(folder, 'state/dev'));
    const used = await readdir(join(folder, 'state/dev', cluster), { recursive: true });
    expect(used.filter((path) => path.endsWith('/pid'))).toEqual([]);
    vi.stubEnv('SERIN_LOG_LEVEL', 'info');
    await teardown();
  });

  test('says that no Temporal answers at the address', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const run = await dev(['--address', address]);
    expect(run.stderr).toContain(`serin: Temporal does not answer at ${address}: start one`);
    expect(run.exitCode).toBe(1);
  });
});
