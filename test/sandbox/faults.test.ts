import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';
import { until } from '../../sandbox/processes/condition.ts';
import { testCluster } from '../support/cluster.ts';
import { knativeService, revisionCondition } from './knative-service.ts';

const namespace = 'faults';
let sandbox: Sandbox;
let target: SampleTarget;
beforeAll(async () => {
  ({ sandbox } = await testCluster());
  target = await sandbox.deploySample({ name: 'shop', namespace });
});
afterEach(() => sandbox.setFaults(candidate(), []));

function candidate() {
  return { namespace: target.namespace, revision: target.candidateRevision };
}

/** One request to the candidate, by its tag's host. */
async function request(
  signal?: AbortSignal,
): Promise<{ readonly status: number; readonly body: string; readonly durationMs: number }> {
  const startedAt = performance.now();
  const result = await sandbox.get({ host: `candidate-${target.host}`, ...(signal === undefined ? {} : { signal }) });
  return { ...result, durationMs: performance.now() - startedAt };
}

async function readyBecomes(state: string): Promise<void> {
  await until({ what: `Ready to be ${state}`, limitMs: 60_000 }, async () => {
    const found = await revisionCondition(sandbox, target, { revision: target.candidateRevision, type: 'Ready' });
    if (found !== state) throw new Error(`it is ${found}`);
    return true;
  });
}

describe('a revision without faults', () => {
  test('answers with its name and version', async () => {
    expect(await request()).toMatchObject({ status: 200, body: 'shop-v2 green\n' });
  });
});

describe('faults', () => {
  test('make the given share of the requests fail', async () => {
    await sandbox.setFaults(candidate(), [{ kind: 'errors', rate: 0.5 }]);
    const statuses = await Promise.all(Array.from({ length: 200 }, async () => (await request()).status));
    const failures = statuses.filter((status) => status === 500).length;
    // Six standard deviations around the mean.
    expect(failures).toBeGreaterThan(57);
    expect(failures).toBeLessThan(143);
  });

  test('make requests slower', async () => {
    await sandbox.setFaults(candidate(), [{ kind: 'latency', addedMs: 200, spreadMs: 50 }]);
    expect((await request()).durationMs).toBeGreaterThan(149);
  });

  test('leave requests without an answer, which counts as 502 when the caller goes away', async () => {
    await sandbox.setFaults(candidate(), [{ kind: 'hang' }]);
    await expect(request(AbortSignal.timeout(3_000))).rejects.toThrow('aborted');
    await until({ what: 'the request to be counted', limitMs: 60_000 }, async () => {
      const exposition = await (await fetch(sandbox.gateway.metricsUrl)).text();
      return /revision_app_request_count\{.*namespace_name="faults".*response_code="502".*revision_name="shop-v2".*\} 1\n/.test(
        exposition,
      );
    });
  });

  test('leave the other version alone', async () => {
    await sandbox.setFaults(candidate(), [{ kind: 'errors', rate: 1 }]);
    expect(await sandbox.get({ host: target.host })).toMatchObject({ status: 200, body: 'shop-v1 blue\n' });
  });

  test('are gone when they are cleared', async () => {
    await sandbox.setFaults(candidate(), [{ kind: 'errors', rate: 1 }]);
    expect((await request()).status).toBe(500);
    await sandbox.setFaults(candidate(), []);
    expect((await request()).status).toBe(200);
  });

  test('make a revision unready, and ready again', async () => {
    await sandbox.setFaults(candidate(), [{ kind: 'unready' }]);
    await readyBecomes('False (Unschedulable)');
    expect((await request()).status).toBe(503);
    await sandbox.setFaults(candidate(), []);
    await readyBecomes('True');
    expect((await request()).status).toBe(200);
  });

  test('make a container exit', async () => {
    await sandbox.setFaults(candidate(), [{ kind: 'crash' }]);
    await readyBecomes('False (ExitCode1)');
  });
});

describe('a revision whose image does not exist', () => {
  test('never becomes ready, and the baseline keeps the traffic', async () => {
    const image = 'image=gcr.io/knative-samples/no-such-image';
    const shop = await sandbox.deploySample({ name: 'broken', namespace, baselineOnly: true });
    const values = ['--values', shop.valuesUrls.experimental, '--set', image];
    await sandbox.helm('upgrade', 'broken', shop.chartUrl, '-n', namespace, ...values);
    await until({ what: 'the pod to wait for its image', limitMs: 60_000 }, async () => {
      const waiting = '{.items[*].status.containerStatuses[*].state.waiting.reason}';
      const label = `serving.knative.dev/revision=${shop.candidateRevision}`;
      return (await sandbox.kubectl('get', 'pods', '-n', namespace, '-l', label, '-o', `jsonpath=${waiting}`)).includes(
        'ImagePullBackOff',
      );
    });
    // Its reason differs: Knative's controller forgets the one that it gave when it has to write the status once more.
    const ready = { revision: shop.candidateRevision, type: 'Ready' };
    expect(await revisionCondition(sandbox, shop, ready)).toMatch(/^Unknown/);
    expect((await knativeService(sandbox, shop)).isReady).toBe(false);
    expect(await sandbox.get({ host: shop.host })).toMatchObject({ status: 200, body: 'broken-v1 blue\n' });
  });
});
