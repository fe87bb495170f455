import { expect, test } from 'vitest';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, servedTraffic, setCandidateFaults, startExperiment, underLoad } from '../support/scenario.ts';

const intervalSeconds = 120;

test('a candidate that turns bad within a long interval is rolled back by the guard long before its end', async () => {
  await testCluster();
  const target = await deployTarget({ name: 'guarded', namespace: 'guard' });
  const { value } = await underLoad(target, async () => {
    const { untilReport, end } = await startExperiment(target, {
      intervalSeconds,
      objectives: [{ metric: 'error-rate', upperLimit: '0.01' }],
      annotations: { analysis: 'sequential', guard: '2s' },
    });
    await untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined);
    await setCandidateFaults(target, { kind: 'errors', rate: 0.5 });
    const turnedBadAtMs = Date.now();
    return { turnedBadAtMs, ended: await end() };
  });
  const { report } = value.ended;
  expect(report).toMatchObject({ outcome: 'RolledBack', completedIterations: 0 });
  expect(report.reason).toMatch(/^failed: error-rate /);
  expect((report.completedAtMs ?? Infinity) - value.turnedBadAtMs).toBeLessThan((intervalSeconds * 1000) / 2);
  expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
});
