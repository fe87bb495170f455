import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../core/report/report.ts';
import type { SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, servedTraffic, underLoad } from '../support/scenario.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

/** `temporal …`, as a user has it; a refusal is in what it prints on standard error. */
async function temporal(...args: string[]): Promise<string> {
  const { sandbox } = await testCluster();
  return sandbox.temporalCommand(...args);
}

async function runRefused(...args: string[]): Promise<string> {
  const { sandbox } = await testCluster();
  const env = { ...process.env, TEMPORAL_ADDRESS: sandbox.temporal.address };
  const refused: unknown = await run(sandbox.tools.temporal, args, { env }).catch((error: unknown) => error);
  return refused instanceof Error && 'stderr' in refused ? String(refused.stderr) : '';
}

async function queryStatus(workflowId: string): Promise<Report> {
  const answer: unknown = JSON.parse(
    await temporal('workflow', 'query', '-w', workflowId, '--type', 'status', '-o', 'json'),
  );
  // The CLI wraps the answers of a query in a list.
  return (answer as { queryResult: [Report] }).queryResult[0];
}

function untilStatus(workflowId: string, what: string, holds: (report: Report) => boolean): Promise<Report> {
  return until(what, async () => {
    const report = await queryStatus(workflowId);
    return holds(report) ? report : undefined;
  });
}

/** Starts from the YAML file as it is, in one-second intervals and behind a gate. */
async function startFromFile(target: SampleTarget, workflowId: string): Promise<string> {
  const { sandbox, taskQueue } = await testCluster();
  const file = join(sandbox.stateDirectory, `${target.name}.yaml`);
  const annotations = '  annotations:\n    serin.dev/approval: required\n    serin.dev/min-samples: "10"\n';
  const manifest = target.experiment
    .replace('intervalSeconds: 12', 'intervalSeconds: 1')
    .replace('iterationsPerLoop: 5', 'iterationsPerLoop: 4')
    .replace('spec:\n', `${annotations}spec:\n`);
  await writeFile(file, manifest);
  const names = ['--type', 'experiment', '--task-queue', taskQueue, '--workflow-id', workflowId, '--fail-existing'];
  await temporal('workflow', 'start', ...names, '--input-file', file, '--input-meta', 'encoding=binary/plain');
  return file;
}

describe('the plain Temporal CLI', () => {
  const workflowId = 'experiment/cli/steered';
  let target: SampleTarget;
  beforeAll(async () => {
    target = await deployTarget({ name: 'steered', namespace: 'cli' });
  });

  test('starts an experiment from its YAML file, steers it, and shows it', async () => {
    await underLoad(target, async () => {
      await startFromFile(target, workflowId);
      await untilStatus(workflowId, 'Running', ({ stage }) => stage === 'Running');
      expect(await runRefused('workflow', 'update', 'execute', '-w', workflowId, '--name', 'approve')).toContain(
        'cannot approve: no approval gate is open, so there is nothing to approve yet',
      );
      const by = ['--input', '{"by":"alice","reason":"lunch"}'];
      await temporal('workflow', 'signal', '-w', workflowId, '--name', 'pause', ...by);
      const paused = await untilStatus(workflowId, 'a pause', (report) => report.paused !== undefined);
      expect(paused.paused).toMatchObject({ by: 'alice', reason: 'lunch' });
      const resumed = await temporal('workflow', 'update', 'execute', '-w', workflowId, '--name', 'resume', ...by);
      expect(resumed).toContain('resume accepted');
      await untilStatus(workflowId, 'the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);
      await temporal('workflow', 'signal', '-w', workflowId, '--name', 'approve', ...by);
      await untilStatus(workflowId, 'the end', ({ outcome }) => outcome !== undefined);
    });
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    const described = await temporal('workflow', 'query', '-w', workflowId, '--type', 'describe');
    expect(described).toContain('****** Overview ******');
    expect(described).toContain('Winning version: candidate');
  });

  test('finds it by its search attributes', async () => {
    const query = 'SerinTarget="cli/steered" AND SerinOutcome="Promoted" AND SerinCandidateWeight=100';
    const listed = await until('the visibility store', async () => {
      const text = await temporal('workflow', 'list', '--query', query);
      return text.includes(workflowId) ? text : undefined;
    });
    expect(listed).toContain('Completed');
  });

  test('aborts by a signal without input', async () => {
    const aborted = await deployTarget({ name: 'aborted', namespace: 'cli' });
    await startFromFile(aborted, 'experiment/cli/aborted');
    await untilStatus(
      'experiment/cli/aborted',
      'a weight',
      ({ stage, weights }) => stage === 'Running' && (weights.candidates[0] ?? 0) > 0,
    );
    await temporal('workflow', 'signal', '-w', 'experiment/cli/aborted', '--name', 'abort');
    const report = await untilStatus('experiment/cli/aborted', 'the end', ({ outcome }) => outcome !== undefined);
    expect(report).toMatchObject({ outcome: 'Aborted', reason: 'aborted' });
    expect(await servedTraffic(aborted)).toEqual({ [aborted.baselineRevision]: 100 });
  });

  test('shows every issue of a manifest that cannot run', async () => {
    const { sandbox, taskQueue } = await testCluster();
    const file = join(sandbox.stateDirectory, 'broken.yaml');
    await writeFile(
      file,
      target.experiment.replace('Canary', 'A/B').replace('intervalSeconds: 12', 'intervalSeconds: 0'),
    );
    const names = ['--type', 'experiment', '--task-queue', taskQueue, '--workflow-id', 'experiment/cli/broken'];
    await temporal('workflow', 'start', ...names, '--input-file', file, '--input-meta', 'encoding=binary/plain');
    const shown = await until('the failure', async () => {
      const text = await temporal('workflow', 'describe', '-w', 'experiment/cli/broken');
      return text.includes('FAILED') || text.includes('Failed') ? text : undefined;
    });
    expect(shown).toContain('spec.criteria.rewards: expected exactly one reward in an A/B experiment, got 0');
    expect(shown).toContain('spec.duration.intervalSeconds: expected an integer from 1 to 31536000, got 0');
  });
});
