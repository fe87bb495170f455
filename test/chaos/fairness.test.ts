import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { limits } from '../../core/text/limits.ts';
import { until } from '../../sandbox/processes/condition.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import type { ExperimentObject } from '../../operator/experiment-object.ts';
import { findCondition } from '../../operator/status/conditions.ts';
import type { ConditionType } from '../../operator/status/conditions.ts';
import { testCluster } from '../support/cluster.ts';
import type { TestCluster } from '../support/cluster.ts';
import { experimentsIn } from '../support/experiments.ts';
import type { ExperimentsIn } from '../support/experiments.ts';
import { startOperatorProcess } from '../support/operator-process.ts';
import type { OperatorProcessOptions } from '../support/operator-process.ts';
import { killWorker } from '../support/worker-process.ts';

let sandbox: Sandbox;
let client: TestCluster['client'];

beforeAll(async () => {
  ({ sandbox, client } = await testCluster());
});

/** How long the first status of an Experiment may take, whatever is going on in other namespaces. */
const firstStatusMs = 10_000;

/** An Experiment that can be used; no worker polls the queue of its run, so that it never ends by itself. */
function anExperiment(name: string, start: readonly object[] = []): object {
  return {
    apiVersion: 'iter8.tools/v2alpha2',
    kind: 'Experiment',
    metadata: { name },
    spec: {
      target: 'nowhere',
      strategy: { testingPattern: 'Canary', actions: { start } },
      criteria: { objectives: [{ metric: 'error-rate', upperLimit: '0.01' }] },
      duration: { intervalSeconds: 10, iterationsPerLoop: 10 },
      versionInfo: { baseline: { name: 'v1' }, candidates: [{ name: 'v2' }] },
    },
  };
}

/** Hardly smaller than the limit, and of those that take longest to read: templates everywhere. It is refused at last. */
function aPoison(name: string): object {
  const template = '{{ .a }}';
  const run = template.repeat((limits.manifestBytes - 8_192) / template.length);
  return anExperiment(name, [{ run }, { task: 'no/such' }]);
}

const crowd = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `crowd-${index}`);

async function createNamespace(namespace: string): Promise<ExperimentsIn> {
  await sandbox.kubectl('create', 'namespace', namespace);
  return experimentsIn(namespace);
}

/** Creates Experiments that are too large for `kubectl apply`, which writes each into an annotation of itself too. */
async function create(namespace: string, manifests: readonly object[]): Promise<void> {
  const file = join(sandbox.stateDirectory, `${namespace}.json`);
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
  await sandbox.kubectl('create', '-n', namespace, '-f', file, '--validate=false');
}

/** Starts an operator; at the end of the test these namespaces go with all that is in them, and then the operator ends. */
async function operate(options: OperatorProcessOptions, ...namespaces: readonly string[]): Promise<void> {
  const operator = await startOperatorProcess(sandbox, options);
  onTestFinished(async () => {
    try {
      await sandbox.kubectl('delete', 'namespace', ...namespaces, '--timeout=220s');
    } finally {
      await killWorker(operator);
    }
  });
}

const hasStatus = ({ status }: ExperimentObject): boolean => status !== undefined;

function reasonOf({ status }: ExperimentObject, type: ConditionType): string | undefined {
  return findCondition(status?.conditions ?? [], type)?.reason;
}

interface WithTimes {
  readonly metadata: {
    readonly creationTimestamp: string;
    readonly managedFields: readonly { readonly subresource?: string; readonly time: string }[];
  };
}

/**
 * Applies an Experiment to a namespace, and returns how long its first status takes from then on, ms, by the times that the API server
 * keeps in seconds: a test on a busy machine sees it later.
 */
async function timeFirstStatus(namespace: string, experiments: ExperimentsIn): Promise<number> {
  await experiments.apply(anExperiment('alone'));
  const shown = ['get', 'experiment', 'alone', '-n', namespace, '-o', 'json', '--show-managed-fields'];
  return until({ what: 'the first status', limitMs: 6 * firstStatusMs, pollMs: 100 }, async () => {
    const { metadata } = JSON.parse(await sandbox.kubectl(...shown)) as WithTimes;
    const written = metadata.managedFields.find(({ subresource }) => subresource === 'status');
    return written && Date.parse(written.time) - Date.parse(metadata.creationTimestamp);
  });
}

describe("another namespace's first status is there within 10 s", () => {
  test('while 500 Experiments of one are applied at once and no worker answers', async () => {
    const [full, other] = ['fairness-full', 'fairness-other'];
    const [crowded, experiments] = await Promise.all([createNamespace(full), createNamespace(other)]);
    await crowded.apply(...crowd(500).map((name) => anExperiment(name)));
    await operate({ name: full, taskQueue: full }, full, other);
    const isBegun = async (): Promise<boolean> => (await crowded.readAll()).some(hasStatus);
    await until({ what: 'the crowd to be served', limitMs: 30_000, pollMs: 50 }, isBegun);
    expect(await timeFirstStatus(other, experiments)).toBeLessThan(firstStatusMs);
    const isDone = async (): Promise<boolean> => (await crowded.readAll()).every(hasStatus);
    await until({ what: 'the whole crowd to be told', limitMs: 120_000, pollMs: 500 }, isDone);
    const runs = (await crowded.readAll()).filter(({ status }) => status?.serin.workflowId !== undefined);
    expect(runs).toHaveLength(20);
  });

  test('while 500 manifests that take long to read are refused', async () => {
    const [full, other] = ['fairness-poison', 'fairness-unharmed'];
    const experiments = await createNamespace(other);
    await createNamespace(full);
    for (let index = 0; index < 500; index += 50) {
      await create(
        full,
        crowd(500)
          .slice(index, index + 50)
          .map(aPoison),
      );
    }
    // Events, since each list of the Experiments themselves is of 125 MB.
    const countRefused = async (): Promise<number> => {
      const events = await sandbox.kubectl('get', 'events', '-n', full, '-o', 'custom-columns=REASON:.reason');
      return events.split('\n').filter((reason) => reason === 'Invalid').length;
    };
    await operate({ name: full, taskQueue: full }, full, other);
    const isBegun = async (): Promise<boolean> => (await countRefused()) > 0;
    await until({ what: 'a manifest to be refused', limitMs: 60_000, pollMs: 50 }, isBegun);
    expect(await timeFirstStatus(other, experiments)).toBeLessThan(firstStatusMs);
    expect(await countRefused()).toBeLessThan(500);
  });
});

describe('an Experiment over the limit of its namespace', () => {
  test('says so, can be deleted at once, waits across restarts of the operator, and starts when a run ends', async () => {
    const namespace = 'fairness-limit';
    const experiments = await createNamespace(namespace);
    const options = { name: namespace, taskQueue: namespace, watchNamespace: namespace, maxRunsPerNamespace: 1 };
    const first = await startOperatorProcess(sandbox, options);
    const untilReason = (name: string, reason: string): Promise<ExperimentObject> =>
      until({ what: `${name} to be ${reason}`, limitMs: 30_000, pollMs: 100 }, async () => {
        const object = await experiments.read(name);
        return reasonOf(object, 'Ready') === reason ? object : undefined;
      });
    await experiments.apply(anExperiment('a'));
    const { status } = await untilReason('a', 'NoWorker');
    await experiments.apply(anExperiment('b'), anExperiment('c'));
    const queued = await untilReason('b', 'Queued');
    await untilReason('c', 'Queued');
    expect(queued.status?.message).toBe(
      'Queued: 1 run is going on in this namespace, which may have 1 at a time; ' +
        'this Experiment is number 1 of those that wait, and starts by itself',
    );
    expect(queued.metadata.finalizers).toBeUndefined();
    expect((await experiments.events('b')).map(({ reason }) => reason)).toEqual(['Queued']);

    await killWorker(first);
    await experiments.remove('b');
    await operate({ ...options, name: `${namespace}-second` }, namespace);
    await until({ what: 'c to be next', limitMs: 30_000, pollMs: 100 }, async () => {
      return (await experiments.read('c')).status?.message.includes('this Experiment is number 1');
    });
    expect((await experiments.read('c')).status?.serin.workflowId).toBeUndefined();

    await client.workflow.getHandle(status?.serin.workflowId ?? '').terminate('the test goes on');
    await untilReason('a', 'WorkflowStopped');
    const { status: begun } = await untilReason('c', 'NoWorker');
    expect(begun?.serin.workflowId).toContain(`${namespace}/c`);
  });
});
