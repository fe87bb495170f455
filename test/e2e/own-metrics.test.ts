import { describe, expect, test } from 'vitest';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, servedTraffic, startExperiment, underLoad } from '../support/scenario.ts';

const namespace = 'own-metrics';

/** A Metric that is a query to the sandbox's Prometheus. */
async function applyMetric(name: string, query: string): Promise<void> {
  const { sandbox } = await testCluster();
  const metadata = { name, namespace };
  const metric = {
    apiVersion: 'serin.dev/v1alpha1',
    kind: 'Metric',
    metadata,
    spec: { type: 'gauge', prometheus: { query } },
  };
  await sandbox.apply(JSON.stringify(metric));
}

describe.concurrent('a metric that only has a limit above, and whose query answers', () => {
  test.each([
    {
      name: 'not-a-number',
      answers: 'NaN in each interval (T1)',
      query: 'vector(0) / 0',
      says: 'Prometheus answers NaN',
    },
    { name: 'no-series', answers: 'nothing', query: 'nothing_of_that_name', says: 'Prometheus has no series for it' },
    {
      name: 'two-series',
      answers: 'two series (T3), which are shown,',
      query: 'label_replace(vector(1), "pod", "a", "", "") or vector(2)',
      says: 'two series for one value: {pod="a"} and {}',
    },
  ])('$answers is no pass: the candidate is not promoted', async ({ name, query, says }) => {
    const target = await deployTarget({ name, namespace });
    await applyMetric(name, query);
    const objectives = [{ metric: name, upperLimit: '5' }];
    const { value: end } = await underLoad(target, async () =>
      (await startExperiment(target, { objectives, iterations: 3 })).end(),
    );
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack' } });
    expect(end.report.reason).toContain(says);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  });
});
