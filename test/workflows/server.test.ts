import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRunHistory } from '../../bench/history.ts';
import { abortSignal, searchAttributes, statusQuery } from '../../contract/messages.ts';
import { workflowType } from '../../contract/names.ts';
import type { ReadManifestInput } from '../../contract/preparation.ts';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld, worldFailure } from '../support/fake-world.ts';
import { until } from '../support/until.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';

const names = searchAttributes.map(({ name }) => name);

const registered = ['SerinTarget=Keyword', 'SerinStage=Keyword', 'SerinOutcome=Keyword', 'SerinCandidateWeight=Int'];
const attributeFlags = registered.flatMap((attribute) => ['--search-attribute', attribute]);

describe('where histories must stay short', () => {
  let workflows: WorkflowEnvironment;
  beforeAll(async () => {
    workflows = await startServerEnvironment(['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60']);
  });
  afterAll(() => workflows.teardown());

  test('an experiment is continued as new before its history grows, and loses nothing', async () => {
    const world = fakeWorld({ experiment: anExperiment({ intervalMs: 1000, iterations: 12 }) });
    const { report, runId } = await workflows.run(world, async (handle) => ({
      report: await handle.result(),
      runId: (await handle.describe()).runId,
    }));
    expect(runId).not.toBe(report.firstRunId);
    expect(world.patches.map(({ shares }) => shares[1]?.percent)).toEqual([
      10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 100, 100,
    ]);
    expect(new Set(world.patches.map(({ plan }) => plan.firstRunId))).toEqual(new Set([report.firstRunId]));
    expect(report.history.map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(world.log.filter((entry) => entry === 'preflight')).toHaveLength(1);
  });

  test('so is the watch after a promotion', async () => {
    const experiment = anExperiment({ intervalMs: 1000, iterations: 1, bakeMs: 12_000 });
    const world = fakeWorld({ experiment });
    const { report, runId } = await workflows.run(world, async (handle) => ({
      report: await handle.result(),
      runId: (await handle.describe()).runId,
    }));
    expect(runId).not.toBe(report.firstRunId);
    expect(report).toMatchObject({ outcome: 'Promoted', winner: 'candidate' });
    expect(world.observations).toBe(1 + 12);
    expect(world.log.filter((entry) => entry === 'preflight' || entry === 'latest candidate')).toHaveLength(2);
    expect(report.history.at(-1)?.reason).toBe('promoted, and watched, for the last time: within the limits');
  });
});

describe.concurrent('on a Temporal server', () => {
  let workflows: WorkflowEnvironment;
  beforeAll(async () => {
    workflows = await startServerEnvironment(attributeFlags);
  });
  afterAll(() => workflows.teardown());

  test('an iteration costs 7 history events, 14 with a weight change', async () => {
    const experiment = anExperiment({
      intervalMs: 1000,
      iterations: 4,
      weights: { maxCandidateWeight: 20, maxCandidateWeightIncrement: 10 },
    });
    const world = fakeWorld({ experiment, searchAttributes: names });
    const history = await workflows.run(world, async (handle) => {
      await handle.result();
      return handle.fetchHistory();
    });
    expect(readRunHistory(history).iterations.map(({ events }) => events)).toEqual([14, 7, 7]);
  });

  test('search attributes show target, stage, outcome and weight', async () => {
    const experiment = anExperiment({ intervalMs: 1000, iterations: 2 });
    const world = fakeWorld({ experiment, searchAttributes: names });
    const shown = await workflows.run(world, async (handle) => {
      await handle.result();
      return (await handle.describe()).searchAttributes;
    });
    expect(shown).toMatchObject({
      SerinTarget: ['default/sample-app'],
      SerinStage: ['Completed'],
      SerinOutcome: ['Promoted'],
      SerinCandidateWeight: [100],
    });
  });

  test('attributes that the namespace lacks are left alone, and the run works', async () => {
    const experiment = anExperiment({ intervalMs: 1000, iterations: 2 });
    const world = fakeWorld({ experiment, searchAttributes: ['SerinStage'] });
    const shown = await workflows.run(world, async (handle) => {
      await handle.result();
      return (await handle.describe()).searchAttributes;
    });
    expect(Object.keys(shown).filter((name) => name.startsWith('Serin'))).toEqual(['SerinStage']);
  });

  test('the limits that a run was started with are read with its manifest, where there are some', async () => {
    const inputs: ReadManifestInput[] = [];
    const world = fakeWorld({
      onRead: (_, input) => {
        inputs.push(input);
        throw worldFailure('InvalidStart');
      },
    });
    await workflows.run(world, async (handle) => {
      const { workflowId: taskQueue } = handle;
      await expect(handle.result()).rejects.toThrow();
      const limited = { workflowId: `${taskQueue}-limited`, taskQueue, args: [''], workflowExecutionTimeout: '1h' };
      await expect(workflows.env.client.workflow.execute(workflowType, limited)).rejects.toThrow();
    });
    expect(inputs).toEqual([
      { manifest: 'manifest' },
      { manifest: '', limits: expect.objectContaining({ executionMs: 3_600_000 }) },
    ]);
  });

  test('the state can be read after the end', async () => {
    const world = fakeWorld({ experiment: anExperiment({ intervalMs: 1000, iterations: 2 }) });
    const report = await workflows.run(world, async (handle) => {
      await handle.result();
      return handle.query(statusQuery);
    });
    expect(report).toMatchObject({ stage: 'Completed', outcome: 'Promoted' });
  });

  test("the Web UI's details show the state in which the run is when they are asked for", async () => {
    const readDetails = async (handle: WorkflowHandle): Promise<string> => {
      const metadata = await handle.query<{ readonly currentDetails: string }>('__temporal_workflow_metadata');
      return metadata.currentDetails;
    };
    const world = fakeWorld({ experiment: anExperiment({ intervalMs: 1000, iterations: 2 }) });
    const shown = await workflows.run(world, async (handle) => {
      await until('the first step', async () => (await handle.query(statusQuery)).startedAtMs !== undefined);
      const running = await readDetails(handle);
      await handle.result();
      return { running, ended: await readDetails(handle) };
    });
    expect(shown.running).toContain('Running');
    expect(shown.ended).toContain('Promoted');
  });

  test('an abort waits for a task that was not heard of any more before it writes the baseline once more', async () => {
    const started = Promise.withResolvers<void>();
    const hang = Promise.withResolvers<void>();
    const world = fakeWorld({
      experiment: anExperiment({ intervalMs: 1000, iterations: 1, taskLimitMs: 1000 }),
      onTask: () => {
        started.resolve();
        return hang.promise;
      },
    });
    const report = await workflows.run(world, async (handle) => {
      await started.promise;
      await handle.signal(abortSignal, {});
      return handle.result().finally(hang.resolve);
    });
    expect(report.outcome).toBe('Aborted');
    expect(report.warnings.join()).toContain('a task was not heard of any more');
    expect(world.log.filter((entry) => entry === 'traffic 0')).toHaveLength(2);
  });
});
