import { describe, expect, test } from 'vitest';
import {
  deployTarget,
  helmHistory,
  readKsvc,
  servedTraffic,
  startExperiment,
  underLoad,
  untilServes,
} from '../support/scenario.ts';
import { testCluster } from '../support/cluster.ts';
import { climb } from '../support/manifest.ts';
import { iterationWeights } from '../support/steps.ts';

describe.concurrent('a good candidate', () => {
  test('climbs step by step and is promoted by one Helm revision, and no request is lost', async () => {
    const target = await deployTarget({ name: 'good', namespace: 'promotion' });
    const before = await helmHistory(target);
    const { value: end, load } = await underLoad(target, async () => {
      const run = await startExperiment(target, { iterations: 4, intervalSeconds: 4, weights: climb });
      return run.end();
    });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted', completedIterations: 4 } });
    expect(iterationWeights(end.report)).toEqual([10, 20, 30, 40]);
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    const added = (await helmHistory(target)).slice(before.length);
    expect(added.map(({ status }) => status)).toEqual(['deployed']);
    const { status } = await readKsvc(target);
    expect(status.conditions.filter((condition) => condition.status !== 'True')).toEqual([]);
    expect(load.byStatus).toEqual({ 200: load.total });
    expect(load.total).toBeGreaterThan(100);
  });

  test('is promoted by a chart that renders the traffic itself, and the tags come back', async () => {
    const target = await deployTarget({ name: 'rendered', namespace: 'promotion' });
    const helmArgs = ['--set', 'traffic[0].latestRevision=true,traffic[0].percent=100'];
    const { value: end } = await underLoad(target, async () => (await startExperiment(target, { helmArgs })).end());
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    const { spec } = await readKsvc(target);
    expect(spec.traffic?.map(({ tag }) => tag)).toEqual([undefined, 'current', 'candidate']);
  });

  test('leaves the tags, and the next deployment gets the traffic (T9)', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'next', namespace: 'promotion' });
    await underLoad(target, async () => (await startExperiment(target)).end());
    const { spec } = await readKsvc(target);
    expect(spec.traffic).toEqual([
      { latestRevision: true, percent: 100 },
      { revisionName: target.baselineRevision, tag: 'current', percent: 0, latestRevision: false },
      { revisionName: target.candidateRevision, tag: 'candidate', percent: 0, latestRevision: false },
    ]);
    const next = `${target.name}-v3`;
    const upgrade = ['upgrade', target.name, target.chartUrl, '-n', target.namespace, '--set', `name=${next}`];
    await sandbox.helm(...upgrade, '--values', target.valuesUrls.candidate);
    await sandbox.kubectl(
      'wait',
      `ksvc/${target.name}`,
      '-n',
      target.namespace,
      '--for=jsonpath={.status.latestReadyRevisionName}=' + next,
      '--timeout=60s',
    );
    await untilServes(target, next);
    expect((await readKsvc(target)).status.traffic.map(({ tag }) => tag).filter(Boolean)).toEqual([
      'current',
      'candidate',
    ]);
  });
});
