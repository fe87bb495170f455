import { expect, test } from 'vitest';
import { freePort } from '../../sandbox/processes/ports.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, setCandidateFaults, startExperiment, underLoad } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

test('a worker counts intervals and ended experiments, and how soon the traffic was safe', async () => {
  const { sandbox } = await testCluster();
  const name = 'counted';
  const address = `127.0.0.1:${await freePort()}`;
  await startWorkerProcess(sandbox, { name, taskQueue: name, env: { SERIN_METRICS_ADDRESS: address } });
  const target = await deployTarget({ name, namespace: 'metrics' });
  await setCandidateFaults(target, { kind: 'errors', rate: 1 });
  const { value } = await underLoad(target, async () => {
    const { end } = await startExperiment(target, { taskQueue: name, iterations: 60, rollbackOnFailure: true });
    return end();
  });
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const timeToSafeSeconds = (value.report.timeToSafeMs ?? Number.NaN) / 1000;
  expect(readValue(text, 'serin_experiments_total', 'outcome="RolledBack"')).toBe(1);
  expect(readValue(text, 'serin_intervals_total', 'measurement="measured"')).toBeGreaterThan(0);
  expect(readValue(text, 'serin_time_to_safe_seconds_count')).toBe(1);
  expect(readValue(text, 'serin_time_to_safe_seconds_sum')).toBeCloseTo(timeToSafeSeconds, 6);
});

/** The value of the one series of this name whose labels include the given one. */
function readValue(exposition: string, name: string, label = ''): number {
  const lines = exposition.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(label));
  expect(lines).toHaveLength(1);
  return Number(lines[0]?.split(' ').at(-1));
}
