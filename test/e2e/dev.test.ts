import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../sandbox/index.ts';
import { runSerin } from '../client/serin-environment.ts';
import { testCluster } from '../support/cluster.ts';
import { devPort, processesOf, startDev } from '../support/dev-process.ts';
import type { DevPlace } from '../support/dev-process.ts';
import { experimentsIn } from '../support/experiments.ts';
import { manifestFor } from '../support/manifest.ts';
import { deployTarget, servedTraffic, underLoad } from '../support/scenario.ts';
import { until } from '../support/until.ts';

let sandbox: Sandbox;
let place: DevPlace;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  const folder = await mkdtemp(join(tmpdir(), 'serin-dev-'));
  place = { folder, port: await devPort(), namespace: 'dev' };
});
afterAll(() => rm(place.folder, { recursive: true, force: true }));

test('serin dev carries out an Experiment that is applied, and goes on with it when it was stopped in the middle', async () => {
  const target = await deployTarget({ name: 'first', namespace: place.namespace });
  const experiments = await experimentsIn(place.namespace);
  const dev = await startDev(sandbox, place);
  await dev.untilReady();

  const { value: ended } = await underLoad(target, async () => {
    await experiments.apply(manifestFor(target, { iterations: 3, intervalSeconds: 4 }));
    await until('the first iteration', async () => {
      const { status } = await experiments.read(target.name);
      return (status?.completedIterations ?? 0) >= 1;
    });
    dev.process.signal('SIGINT');
    await dev.process.exited;
    expect(await processesOf(place)).toEqual([]);
    expect((await experiments.read(target.name)).status?.stage).toBe('Running');

    const next = await startDev(sandbox, place);
    const end = await experiments.untilCondition(target.name, 'Ready');
    await next.untilReady();
    const other = await startDev(sandbox, place);
    expect(await other.process.exited).toMatchObject({ code: 1 });
    expect(await other.printed()).toMatch(
      new RegExp(`${place.port} is used by another serin dev, process ${next.process.pid}: end it, or use another`),
    );
    const got = await runSerin(['get', '--address', `localhost:${place.port}`]);
    expect(got.stdout).toContain('dev/first');
    next.process.signal('SIGKILL');
    await until('all that it had started to end', async () => (await processesOf(place)).length === 0);
    return end;
  });

  expect(ended.status).toMatchObject({ stage: 'Completed', completedIterations: 3, serin: { outcome: 'Promoted' } });
  expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
  expect((await dev.printed()).split('\n')).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^Acts on the cluster https:.* \(context sandbox of .*kubeconfig\)$/),
      `Temporal    localhost:${place.port}, namespace default`,
      `Web UI      http://localhost:${place.port + 1000}`,
      expect.stringMatching(/^Page        http:\/\/127\.0\.0\.1:\d+\/login\?token=\S+ \(opens once\)$/),
      `Prometheus  ${sandbox.prometheus.url}`,
      '  ok    search attributes: SerinTarget, SerinStage, SerinOutcome, SerinCandidateWeight',
      '  ok    workers poll the task queue serin',
      expect.stringMatching(/^ {2}ok {4}Kubernetes v1\.\d+.* answers at https:/),
      `  serin watch NAME --address localhost:${place.port}`,
      'Stopping Temporal',
      'All has ended; the next `serin dev` goes on where it was.',
    ]),
  );
}, 480_000);
