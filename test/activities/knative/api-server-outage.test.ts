import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ActivityCluster } from '../../../activities/knative/cluster.ts';
import { readLease } from '../../../activities/knative/lease.ts';
import { observeTarget } from '../../../activities/knative/observe-target.ts';
import type { Sandbox } from '../../../sandbox/index.ts';
import { asActivity, caughtFailure } from '../../support/activity.ts';
import { testCluster } from '../../support/cluster.ts';
import { accountsOf } from '../../support/access.ts';

const namespace = 'api-server-outage';
let sandbox: Sandbox;
let cluster: ActivityCluster;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  ({ cluster } = accountsOf(sandbox).of(namespace));
  await sandbox.deploySample({ namespace, name: 'unseen', baselineOnly: true });
});

describe('the API server', () => {
  test('is unavailable while it starts: what it denies or does not know then means nothing', async () => {
    await sandbox.outages.apiServer.kill();
    const start = new AbortController();
    const started = sandbox.outages.apiServer.start().finally(() => start.abort());
    const seen = new Set<unknown>();
    while (!start.signal.aborted) {
      const answer = asActivity(() => cluster.readService({ namespace, name: 'unseen' }));
      seen.add(await answer.then((service) => (service === undefined ? 'gone' : 'served')).catch(({ type }) => type));
      await delay(50);
    }
    await started;
    expect([...seen].filter((answer) => answer !== 'served')).toEqual(['KubernetesUnavailable']);
  });

  test('that is down is data to an observation, and a failure that passes to everything else', async () => {
    const target = { namespace, name: 'unseen' };
    await sandbox.outages.apiServer.stop();
    try {
      const observed = await asActivity(() => observeTarget(cluster, { target, revisions: ['a', 'b'] }));
      expect(observed).toMatchObject({ kind: 'unreachable' });
      expect(observed.kind === 'unreachable' && observed.reason).toMatch(/^cannot get .*: connect ECONNREFUSED/);
      expect(await caughtFailure(() => readLease(cluster, target))).toMatchObject({
        type: 'KubernetesUnavailable',
        isRetryable: true,
      });
    } finally {
      await sandbox.outages.apiServer.start();
    }
  });
});
