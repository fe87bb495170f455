import { expect, test } from 'vitest';
import { runSerin } from '../client/serin-environment.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, observeScenario, servedTraffic, startExperiment, underLoad } from '../support/scenario.ts';
import { until } from '../support/until.ts';
import { killWorker, startWorkerProcess } from '../support/worker-process.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';

const namespace = 'failing-task';

test('a run whose workflow task fails is told as such, and an abort brings its traffic back by itself', async () => {
  const { sandbox } = await testCluster();
  const taskQueue = namespace;
  const target = await deployTarget({ name: 'stuck', namespace });
  const name = `${namespace}/${target.name}`;
  const good = await startWorkerProcess(sandbox, { name: taskQueue, taskQueue });
  await underLoad(target, async () => {
    const run = await startExperiment(target, { taskQueue, iterations: 1000 });
    const { workflowId } = run.handle;
    await run.untilReport('two iterations', ({ completedIterations }) => completedIterations >= 2);
    await killWorker(good);

    // A deployment that does not fit the history.
    const bundle = await bundleWorkflows({ 'core/planner/plan-candidate.ts': 'test/support/changed-plan.ts' });
    const env = { SERIN_WORKFLOW_BUNDLE: bundle };
    const bad = await startWorkerProcess(sandbox, { name: `${taskQueue}-bad`, taskQueue, env });
    const serin = (...args: readonly string[]) => runSerin([...args, '--address', sandbox.temporal.address]);
    const seen = await until('the failure to be told', async () => {
      const got = await serin('get', workflowId);
      return got.stdout.includes('its workflow task fails') && got;
    });
    expect(seen.stdout).toMatch(/its workflow task fails: .*[Nn]on-?determinis/);
    const waysOut = `; run workers of the version that its history fits, or \`serin abort ${workflowId}\``;
    const watched = await serin('watch', workflowId, '--timeout', '1s');
    expect(watched.stdout).toMatch(/its workflow task fails: .*[Nn]on-?determinis/);
    expect(watched.stdout).toContain(waysOut);
    const asserted = await serin('assert', workflowId, '-c', 'completed', '--timeout', '1s');
    expect(asserted).toMatchObject({ exitCode: 3 });
    expect(asserted.stdout).toMatch(/Not known yet: its workflow task fails: .*[Nn]on-?determinis/);
    expect(asserted.stdout).toContain(waysOut);
    const described = await serin('describe', workflowId);
    expect(described.stderr).toMatch(/note: its workflow task fails: .*[Nn]on-?determinis/);
    const kubeconfig = ['--kubeconfig', sandbox.kubeconfig];
    const doctor = await serin('doctor', '--target', name, '--prometheus', sandbox.prometheus.url, ...kubeconfig);
    expect(doctor.stdout).toMatch(
      /fail {2}failing-task\/stuck is held by .*, and its workflow task fails: .*\n +-> run workers/,
    );

    const refused = await serin('abort', workflowId, ...kubeconfig);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toMatch(
      /the abort of .* is recorded, but its workflow task fails: .*; with --force `serin abort`/,
    );
    expect((await servedTraffic(target))[target.candidateRevision]).toBeGreaterThan(0);
    const screen = { isScreen: true, answer: 'n' };
    const declined = await runSerin(
      ['abort', workflowId, ...kubeconfig, '--address', sandbox.temporal.address],
      screen,
    );
    expect(declined.stderr).toContain(`Bring the traffic of ${name} back to 100 % baseline now? [y/N] `);
    expect(declined.exitCode).toBe(1);

    const aborted = await serin('abort', workflowId, '--force', ...kubeconfig);
    expect(aborted).toMatchObject({ exitCode: 0 });
    expect(aborted.stdout).toContain(`100 % of the traffic is written to ${target.baselineRevision}`);
    expect(aborted.stdout).toContain('The run itself is still open, and writes nothing any more');
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });

    await killWorker(bad);
    await startWorkerProcess(sandbox, { name: `${taskQueue}-mended`, taskQueue });
    const end = await observeScenario(target, run.handle).end();
    expect(end.report.outcome).toMatch(/Aborted|Failed/);
    expect(end.report.reason).toContain('aborted by');
  });
  expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
});
