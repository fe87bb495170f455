import { beforeAll, describe, expect, test } from 'vitest';
import type { Accounts } from '../../../activities/accounts.ts';
import type { ActivityCluster } from '../../../activities/knative/cluster.ts';
import { observeWatched } from '../../../activities/knative/observe-watched.ts';
import { patchTraffic } from '../../../activities/knative/patch-traffic.ts';
import { RecentReads } from '../../../activities/knative/recent-reads.ts';
import type { WatchedNamespace } from '../../../activities/knative/watched-namespace.ts';
import { newLease } from '../../../activities/knative/lease.ts';
import type { ExpectedState } from '../../../contract/observation.ts';
import type { PatchTrafficInput } from '../../../contract/traffic.ts';
import { leaseObjectName } from '../../../kubernetes/lease.ts';
import type { Sandbox, SampleTarget } from '../../../sandbox/index.ts';
import { accountsOf } from '../../support/access.ts';
import { asActivity } from '../../support/activity.ts';
import { testCluster } from '../../support/cluster.ts';
import { until } from '../../support/until.ts';

const namespace = 'watched-targets';
const holder = { temporalAddress: 't', temporalNamespace: 'n', workflowId: 'wf', firstRunId: 'run' };

let sandbox: Sandbox;
let accounts: Accounts;
let watched: WatchedNamespace;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  accounts = accountsOf(sandbox);
  await sandbox.kubectl('create', 'namespace', namespace);
});

/** The requests that were made of the cluster, in their order. */
interface Recorded {
  readonly cluster: ActivityCluster;
  readonly calls: string[];
}

function record(): Recorded {
  const { cluster } = accounts.of(namespace);
  const calls: string[] = [];
  return {
    calls,
    cluster: {
      ...cluster,
      readService: (name) => (calls.push('read service'), cluster.readService(name)),
      readRevision: (name) => (calls.push('read revision'), cluster.readRevision(name)),
      patchService: (name, patch) => (calls.push('patch'), cluster.patchService(name, patch)),
    },
  };
}

/** A target with its Lease, whose namespace is watched. */
async function aTarget(name: string): Promise<SampleTarget> {
  const target = await sandbox.deploySample({ namespace, name });
  const { cluster, watch } = accounts.of(namespace);
  await asActivity(() => cluster.createLease(leaseObjectName(target), newLease(target, holder)));
  watched = watch(namespace);
  await until(`the watch of ${namespace}`, async () => watched.isOpen());
  return target;
}

function sharesAt({ baselineRevision, candidateRevision }: SampleTarget, weight: number): PatchTrafficInput['shares'] {
  return [
    { revision: baselineRevision, percent: 100 - weight },
    { revision: candidateRevision, percent: weight },
  ];
}

function aWrite(target: SampleTarget, sequence: number, weight: number): PatchTrafficInput {
  return {
    namespace,
    target: { namespace, name: target.name },
    holder,
    plan: { firstRunId: holder.firstRunId, sequence },
    shares: sharesAt(target, weight),
    tags: [],
    confirmationLimitMs: 20_000,
  };
}

function expectedAfter({ plan, shares }: PatchTrafficInput): ExpectedState {
  return { firstRunId: plan.firstRunId, plan: `${plan.firstRunId}/${plan.sequence}`, shares };
}

async function observe(
  target: SampleTarget,
  expected: ExpectedState | undefined,
  by: Partial<Parameters<typeof observeWatched>[0]> = {},
) {
  const { cluster, calls } = record();
  const revisions = [target.baselineRevision, target.candidateRevision];
  const input = { target: { namespace, name: target.name }, revisions, ...(expected && { expected }) };
  const observed = await asActivity(() => observeWatched({ asked: cluster, watched, ...by }, input));
  return { observed, calls };
}

const everything = ['read service', 'read revision', 'read revision'];

describe('a target whose namespace is watched', () => {
  let target: SampleTarget;
  let expected: ExpectedState;
  beforeAll(async () => {
    target = await aTarget('calm');
    const write = aWrite(target, 1, 10);
    await asActivity(() => patchTraffic(accounts.of(namespace).cluster, write, watched));
    expected = expectedAfter(write);
    // The candidate's label, by which it is watched, comes a moment after its traffic.
    await until('both revisions', async () => (await observe(target, expected)).calls.length < 3);
  });

  test('is not asked for while nothing has changed', async () => {
    const { observed, calls } = await observe(target, expected);
    expect(observed).toMatchObject({
      kind: 'observed',
      plan: 'run/1',
      latestCreatedRevision: 'calm-v2',
      editor: expect.stringMatching(/^serin at 20/),
      revisions: [{ kind: 'ready' }, { kind: 'ready' }],
    });
    expect(calls).toEqual([]);
    expect((await observe(target, undefined)).observed).toEqual(observed);
  });

  test('is asked for where nothing is expected of it', async () => {
    expect((await observe(target, undefined)).calls).toEqual(everything);
  });

  test('is asked for where the last event is not as expected: a later one may be on its way', async () => {
    const later = { ...expected, plan: 'run/2' };
    const elsewhere = { ...expected, shares: sharesAt(target, 30) };
    for (const other of [later, elsewhere]) {
      const { observed, calls } = await observe(target, other);
      expect(observed).toMatchObject({ kind: 'observed', plan: 'run/1' });
      expect(calls).toEqual(everything);
    }
  });

  test('is asked for where a revision is not known to be ready', async () => {
    const { recalled } = watched;
    const unready = { ...watched, recalled: { ...recalled, readRevision: async () => undefined } };
    const { observed, calls } = await observe(target, expected, { watched: unready });
    expect(observed).toMatchObject({ revisions: [{ kind: 'ready' }, { kind: 'ready' }] });
    expect(calls).toEqual(everything);
  });

  test('is unreachable where the API server does not answer, which is asked once', async () => {
    let asked = 0;
    const readService = async (): Promise<never> => {
      asked += 1;
      throw new Error('no answer');
    };
    const silent = { ...watched, recalled: { ...watched.recalled, readService } };
    const { observed, calls } = await observe(target, expected, { watched: silent });
    expect(observed).toEqual({ kind: 'unreachable', reason: 'no answer' });
    expect([asked, calls]).toEqual([1, []]);
  });

  test('leaves nothing that is not believed to the write that follows', async () => {
    const recent = new RecentReads();
    const { recalled } = watched;
    const failing = { readService: () => Promise.reject(new Error('overloaded')), readRevision: recalled.readRevision };
    const { observed } = await observe(
      target,
      { ...expected, plan: 'run/2' },
      {
        watched: { ...watched, recalled: recent.keeping(recalled) },
        asked: recent.keeping(failing),
      },
    );
    expect(observed).toMatchObject({ kind: 'unreachable' });
    const { cluster, calls } = record();
    await asActivity(() => recent.reusing(cluster).readService({ namespace, name: target.name }));
    expect(calls).toEqual(['read service']);
  });

  test('shows what somebody has changed', async () => {
    const mine = await aTarget('edited');
    const write = aWrite(mine, 1, 10);
    await asActivity(() => patchTraffic(accounts.of(namespace).cluster, write, watched));
    const traffic = [{ revisionName: 'edited-v1', percent: 100 }];
    const patch = JSON.stringify({ spec: { traffic } });
    await sandbox.kubectl('patch', 'ksvc', 'edited', '-n', namespace, '--type=merge', `--patch=${patch}`);
    await until('the change', async () => {
      const { observed } = await observe(mine, expectedAfter(write));
      return observed.kind === 'observed' && observed.specTraffic.length === 1;
    });
  });
});

describe('a write', () => {
  test('takes what the watch has, and is confirmed by its events: one request', async () => {
    const target = await aTarget('written');
    const first = aWrite(target, 1, 10);
    await asActivity(() => patchTraffic(accounts.of(namespace).cluster, first, watched));
    const recent = new RecentReads();
    const keeping = { ...watched, recalled: recent.keeping(watched.recalled) };
    await until('an observation without requests', async () => {
      const { calls } = await observe(target, expectedAfter(first), { watched: keeping });
      return calls.length === 0;
    });
    const { cluster, calls } = record();
    const next = { ...aWrite(target, 2, 20), present: sharesAt(target, 10) };
    const { acceptedAtMs, confirmedAtMs } = await asActivity(() =>
      patchTraffic(recent.reusing(cluster), next, watched),
    );
    expect(calls.filter((call) => call === 'patch')).toHaveLength(1);
    expect(calls.filter((call) => call !== 'patch')).toEqual([]);
    expect(confirmedAtMs).toBeGreaterThan(acceptedAtMs);
  });

  test('is asked for where no event tells of it', async () => {
    const target = await aTarget('untold');
    const deaf: WatchedNamespace = {
      ...watched,
      recallService: () => undefined,
      nextChange: async () => false,
    };
    const { cluster, calls } = record();
    await asActivity(() => patchTraffic(cluster, aWrite(target, 1, 10), deaf));
    expect(calls.indexOf('patch')).toBeLessThan(calls.lastIndexOf('read service'));
  });
});

test('what the account may not watch is asked for, and who could change that is said once', async () => {
  const place = 'unwatched-targets';
  const target = await sandbox.deploySample({ namespace: place, name: 'unwatched', consent: 'none' });
  await allow(place, 'get,patch', 'services.serving.knative.dev,revisions.serving.knative.dev');
  await allow(place, 'get,create', 'leases.coordination.k8s.io');
  const warnings: string[] = [];
  const { cluster, watch } = accountsOf(sandbox, (warning) => warnings.push(warning)).of(place);
  const write = { ...aWrite(target, 1, 10), namespace: place, target: { namespace: place, name: target.name } };
  await asActivity(() => cluster.createLease(leaseObjectName(write.target), newLease(write.target, holder)));
  await asActivity(() => patchTraffic(cluster, write, watch(place)));
  await until('the warning', async () => warnings.length > 0);
  expect(watch(place).isOpen()).toBe(false);
  expect(warnings).toEqual([
    'Knative objects of namespace unwatched-targets may not be watched, so each observation asks for them; the owner of namespace unwatched-targets allows it with `kubectl create rolebinding serin-target --namespace unwatched-targets --clusterrole serin-target --serviceaccount unwatched-targets:serin`',
  ]);
});

/** Gives the namespace's account some rights; returns when it has them. */
async function allow(place: string, verbs: string, resources: string): Promise<void> {
  const name = `asks-${verbs.replace(',', '-')}`;
  await sandbox.kubectl('create', 'role', name, '-n', place, `--verb=${verbs}`, `--resource=${resources}`);
  const account = `--serviceaccount=${place}:serin`;
  await sandbox.kubectl('create', 'rolebinding', name, '-n', place, `--role=${name}`, account);
  const [resource = '', ...group] = (resources.split(',')[0] ?? '').split('.');
  const right = { verb: 'get', group: group.join('.'), resource, namespace: place };
  await until('the rights', () => asActivity(() => accounts.of(place).cluster.isAllowed(right)));
}
