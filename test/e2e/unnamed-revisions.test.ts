import { describe, expect, test } from 'vitest';
import type { SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import {
  deployTarget,
  helmHistory,
  readKsvc,
  servedTraffic,
  setCandidateFaults,
  startExperiment,
  underLoad,
  untilServes,
} from '../support/scenario.ts';
import { until } from '../support/until.ts';

const namespace = 'unnamed-revisions';
const unnamed = ['--set', 'name=null'];

/** Deploys values of the sample's chart without a revision name; returns the name that Knative has made. */
async function deployUnnamed({ name, chartUrl }: SampleTarget, values: string): Promise<string> {
  const { sandbox } = await testCluster();
  const before = (await readKsvc({ namespace, name })).status.latestReadyRevisionName;
  await sandbox.helm('upgrade', name, chartUrl, '-n', namespace, '--values', values, ...unnamed);
  return until('a new revision', async () => {
    const { latestReadyRevisionName } = (await readKsvc({ namespace, name })).status;
    return latestReadyRevisionName !== before && latestReadyRevisionName;
  });
}

/** A release whose chart names no revisions and renders no traffic, pinned to its baseline before the candidate is deployed. */
async function deployGenerated(name: string): Promise<SampleTarget> {
  const { sandbox } = await testCluster();
  const target = await deployTarget({ name, namespace, baselineOnly: true });
  const baselineRevision = await deployUnnamed(target, target.valuesUrls.baseline);
  const traffic = [{ revisionName: baselineRevision, percent: 100 }];
  await sandbox.kubectl(
    '-n',
    namespace,
    'patch',
    'ksvc',
    name,
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { traffic } }),
  );
  await untilServes({ namespace, name }, baselineRevision);
  const candidateRevision = await deployUnnamed(target, target.valuesUrls.candidate);
  expect(await servedTraffic(target)).toEqual({ [baselineRevision]: 100 });
  return { ...target, baselineRevision, candidateRevision };
}

const start = (target: SampleTarget, iterations: number) =>
  startExperiment(target, {
    iterations,
    helmArgs: unnamed,
    baselineRevision: target.baselineRevision,
    candidateRevision: target.candidateRevision,
  });

describe.concurrent('a chart that names no revisions', () => {
  test('is promoted: helm leaves the judged revision as it is', async () => {
    const target = await deployGenerated('generated-good');
    const { value: end } = await underLoad(target, async () => (await start(target, 6)).end());
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    expect((await readKsvc(target)).status.latestReadyRevisionName).toBe(target.candidateRevision);
  });

  test('is rolled back: its template comes back under another name, which gets no traffic', async () => {
    const target = await deployGenerated('generated-bad');
    const before = await helmHistory(target);
    await setCandidateFaults(target, { kind: 'errors', rate: 0.5 });
    const { value: end } = await underLoad(target, async () => (await start(target, 60)).end());
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack' } });
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    const { latestReadyRevisionName } = (await readKsvc(target)).status;
    expect([target.baselineRevision, target.candidateRevision]).not.toContain(latestReadyRevisionName);
    expect((await helmHistory(target)).slice(before.length).map(({ status }) => status)).toEqual(['deployed']);
  });

  test('is refused where its values would make a revision that nobody judged', async () => {
    const target = await deployGenerated('generated-other');
    const helmArgs = [...unnamed, '--set', 'tVersion=teal'];
    const { baselineRevision, candidateRevision } = target;
    const run = await startExperiment(target, { helmArgs, baselineRevision, candidateRevision });
    const { type, message } = await run.end();
    expect(type).toBe('PreflightRefused');
    expect(message).toMatch(
      /for current, .*: the template .* would differ from revision .*env\[0\]\.value is "teal" instead of "blue"/,
    );
    expect(message).toMatch(
      /for candidate, .* without a revision name, but \S+ was judged: spec\.containers\[0\]\.env\[0\]\.value would change, so that Knative would make a revision that nobody judged; set spec\.template\.metadata\.name/,
    );
    expect(await servedTraffic(target)).toEqual({ [baselineRevision]: 100 });
  });
});
