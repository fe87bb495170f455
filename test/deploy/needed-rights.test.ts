import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectCluster } from '../../activities/knative/cluster.ts';
import type { ActivityCluster } from '../../activities/knative/cluster.ts';
import { newLease } from '../../activities/knative/lease.ts';
import { connectRestoreCluster } from '../../kubernetes/restore-cluster.ts';
import { accountUser, actAs } from '../../kubernetes/account.ts';
import { leaseObjectName } from '../../kubernetes/lease.ts';
import { connectOperatorCluster } from '../../operator/cluster.ts';
import { experimentKinds } from '../../operator/experiment-object.ts';
import type { ExperimentKind, ExperimentObject } from '../../operator/experiment-object.ts';
import { initialStatus } from '../../operator/status/experiment-status.ts';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';
import { asActivity } from '../support/activity.ts';
import { publishLargerChart } from '../support/charts.ts';
import { testCluster } from '../support/cluster.ts';
import { createAccount } from '../support/limited-account.ts';
import type { LimitedAccount } from '../support/limited-account.ts';
import { formatRight, readRoles } from '../support/roles.ts';
import type { Right } from '../support/roles.ts';

const run = promisify(execFile);
const namespace = 'needed-rights';
const user = accountUser({ namespace, name: 'serin' });

let sandbox: Sandbox;
/** As an administrator. */
let admin: ActivityCluster;
let target: SampleTarget;
/** Whose chart gets one more Knative Service. */
let growing: SampleTarget;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  const config = new KubeConfig();
  config.loadFromFile(sandbox.kubeconfig);
  admin = connectCluster(config);
  [target, growing] = await Promise.all([
    sandbox.deploySample({ name: 'shop', namespace }),
    sandbox.deploySample({ name: 'growing', namespace, baselineOnly: true }),
  ]);
  const versionInfo = { baseline: { name: 'v1' }, candidates: [{ name: 'v2' }] };
  const items = [
    anExperiment('iter8.tools/v2alpha2', { strategy: { testingPattern: 'Canary' }, versionInfo }),
    anExperiment('serin.dev/v1alpha1'),
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token', namespace } },
  ];
  await sandbox.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
});
// An operator of another file that sees all namespaces would run them.
afterAll(async () => {
  const kinds = experimentKinds.map(({ group }) => `experiments.${group}`).join();
  await sandbox.kubectl('delete', kinds, '--all', '--namespace', namespace);
});

function anExperiment(apiVersion: string, spec: object = {}): object {
  return { apiVersion, kind: 'Experiment', metadata: { name: 'canary', namespace }, spec: { target: 'shop', ...spec } };
}

/** What serin does in a cluster, and the right without which the API server refuses it. */
interface Need {
  /** In words of `formatRight`. */
  readonly right: string;
  readonly task: string;
  readonly perform: (account: LimitedAccount) => Promise<unknown>;
}

const ofWorker: readonly Need[] = [
  {
    right: 'serin-worker: impersonate serviceaccounts serin',
    task: 'act as the account of a namespace',
    perform: ({ config }) => connectCluster(actAs(config, user)).readService(target),
  },
  ...experimentKinds.map(({ group }) => ({
    right: `serin-worker: get experiments.${group}`,
    task: 'see whether the Experiment of a run still exists',
    perform: ({ cluster }: LimitedAccount) =>
      cluster.readObject({ kind: `experiments.${group}`, namespace, name: 'canary' }),
  })),
];

const ofOperator: readonly Need[] = [
  ...experimentKinds.flatMap((kind): readonly Need[] => [
    {
      right: `serin-operator: list experiments.${kind.group}`,
      task: 'find Experiments',
      perform: (account) => untilChangeIsSeen(account, kind),
    },
    {
      right: `serin-operator: watch experiments.${kind.group}`,
      task: 'see that an Experiment has changed',
      perform: (account) => untilChangeIsSeen(account, kind),
    },
    {
      right: `serin-operator: patch experiments.${kind.group}`,
      task: 'keep an Experiment until its traffic is safe',
      perform: async ({ config }) => connectOperatorCluster(config).setFinalizers(await readExperiment(kind), []),
    },
    {
      right: `serin-operator: update experiments/status.${kind.group}`,
      task: 'show how an Experiment is',
      perform: async ({ config }) =>
        connectOperatorCluster(config).writeStatus(await readExperiment(kind), initialStatus(Date.now())),
    },
  ]),
  {
    right: 'serin-operator: create events',
    task: 'tell what has happened to an Experiment',
    perform: async ({ config }) => {
      const event = { type: 'Normal', reason: 'Started', message: 'started' } as const;
      for (const kind of experimentKinds)
        await connectOperatorCluster(config).writeEvent(await readExperiment(kind), event, new Date());
    },
  },
  {
    right: 'serin-operator: impersonate serviceaccounts serin',
    task: 'bring traffic back as the account of a namespace',
    perform: ({ config }) => connectRestoreCluster(actAs(config, user)).readService(target),
  },
];

const ofTarget: readonly Need[] = [
  {
    right: 'serin-target: get services.serving.knative.dev',
    task: 'read the target',
    perform: ({ cluster }) => cluster.readService(target),
  },
  {
    right: 'serin-target: patch services.serving.knative.dev',
    task: 'write its traffic',
    perform: async ({ cluster }) => {
      const service = await admin.readService(target);
      if (service === undefined) throw new Error('the target is gone');
      const { resourceVersion } = service.metadata;
      return cluster.patchService(target, { resourceVersion, annotations: {}, traffic: service.spec.traffic ?? [] });
    },
  },
  {
    right: 'serin-target: create services.serving.knative.dev',
    task: 'upgrade to a chart with one more Knative Service',
    perform: async (account) => runHelm(account, ['upgrade', growing.name, await publishLargerChart(sandbox, growing)]),
  },
  {
    right: 'serin-target: get revisions.serving.knative.dev',
    task: 'see whether a version is ready',
    perform: ({ cluster }) => cluster.readRevision({ namespace, name: target.baselineRevision }),
  },
  {
    right: 'serin-target: list revisions.serving.knative.dev',
    task: 'find the revisions between which it restores traffic',
    perform: ({ config }) => connectRestoreCluster(config).readRevisions(target),
  },
  {
    right: 'serin-target: get leases.coordination.k8s.io',
    task: 'see who owns the target',
    perform: ({ cluster }) => cluster.readLease(leaseObjectName(target)),
  },
  {
    right: 'serin-target: create leases.coordination.k8s.io',
    task: 'own the target',
    perform: ({ cluster }) => createLease(cluster),
  },
  {
    right: 'serin-target: update leases.coordination.k8s.io',
    task: 'take over the target of a run that has ended',
    perform: async ({ cluster }) => {
      const { name, lease } = await createLease(admin);
      return cluster.replaceLease(name, lease);
    },
  },
  {
    right: 'serin-target: delete leases.coordination.k8s.io',
    task: 'release the target',
    perform: async ({ cluster }) => {
      const { name, lease } = await createLease(admin);
      return cluster.deleteLease(name, lease);
    },
  },
  ...experimentKinds.map(({ group, version }) => ({
    right: `serin-target: get metrics.${group}`,
    task: 'read the definition of a metric',
    perform: ({ cluster }: LimitedAccount) =>
      cluster.readMetricResource({ group, version }, { namespace, name: 'latency' }),
  })),
];

const ofRelease: readonly Need[] = [
  {
    right: 'serin-secret-reader-writer: get secrets',
    task: 'read the Secret that a task names',
    perform: ({ cluster }) => cluster.readSecret({ namespace, name: 'token' }),
  },
  {
    right: 'serin-secret-reader-writer: list secrets',
    task: 'see how a release is',
    perform: (account) => runHelm(account, ['history', target.name]),
  },
  {
    right: 'serin-secret-reader-writer: create secrets',
    task: 'begin a revision of a release',
    perform: (account) => runHelm(account, upgrade()),
  },
  {
    right: 'serin-secret-reader-writer: update secrets',
    task: 'mark a release failed that a killed helm has left pending',
    perform: async ({ cluster }) => {
      const name = { namespace, name: 'token' };
      return cluster.replaceSecret(name, (await admin.readSecret(name)) ?? {});
    },
  },
  {
    right: 'serin-secret-reader-writer: delete secrets',
    task: 'upgrade a release that has as many revisions as helm keeps',
    perform: (account) => runHelm(account, [...upgrade(), '--history-max=1']),
  },
];

/** Watches as the operator does, and returns when it has seen an Experiment, and then a change of it. */
async function untilChangeIsSeen({ config }: LimitedAccount, kind: ExperimentKind): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const change = async (): Promise<void> => {
    const object = [`experiments.${kind.group}/canary`, '--namespace', namespace];
    await sandbox.kubectl('annotate', ...object, '--overwrite', `at=${Date.now()}`);
  };
  let seen = 0;
  const watched = connectOperatorCluster(config, namespace).watch(kind, {
    changed: () => {
      seen += 1;
      if (seen > 1) resolve();
      else change().catch(reject);
    },
    gone: () => reject(new Error('the Experiment is gone')),
    broken: (reason) => reject(new Error(reason)),
  });
  await promise.finally(watched.stop);
}

async function readExperiment({ group }: ExperimentKind): Promise<ExperimentObject> {
  const object = [`experiments.${group}/canary`, '--namespace', namespace];
  return JSON.parse(await sandbox.kubectl('get', ...object, '--output=json')) as ExperimentObject;
}

let leases = 0;

/** Creates the Lease of a target that has none. */
async function createLease(cluster: ActivityCluster) {
  leases += 1;
  const owned = { namespace, name: `target-${leases}` };
  const name = leaseObjectName(owned);
  const holder = { temporalAddress: '', temporalNamespace: '', workflowId: namespace, firstRunId: namespace };
  return { name, lease: await cluster.createLease(name, newLease(owned, holder)) };
}

function upgrade(): readonly string[] {
  return ['upgrade', target.name, target.chartUrl, `--values=${target.valuesUrls.candidate}`];
}

async function runHelm({ kubeconfig }: LimitedAccount, args: readonly string[]): Promise<void> {
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  await run(sandbox.tools.helm, [...args, '--namespace', namespace], { env });
}

/** The ClusterRoles that are meant for one account. */
const accounts = [
  { name: 'worker', roles: ['serin-worker'], needs: ofWorker },
  { name: 'operator', roles: ['serin-operator'], needs: ofOperator },
  { name: 'owner', roles: ['serin-target', 'serin-secret-reader-writer'], needs: [...ofTarget, ...ofRelease] },
];

interface NamedRight extends Right {
  /** In words of `formatRight`. */
  readonly title: string;
}

const rights: readonly NamedRight[] = readRoles().flatMap((role) =>
  role.rights.map((right) => ({ ...right, title: formatRight(role.name, right) })),
);

test('every right of the ClusterRoles in deploy/ has a task that needs it, and no right is missing there', () => {
  const needed = accounts.flatMap(({ needs }) => needs.map(({ right }) => right));
  expect(needed.toSorted()).toEqual(rights.map(({ title }) => title).toSorted());
});

describe.each(accounts)('the account of $name', ({ name, roles, needs }) => {
  const all = rights.filter(({ title }) => roles.some((role) => title.startsWith(`${role}: `)));
  let account: LimitedAccount;
  beforeAll(async () => {
    account = await createAccount(sandbox, { name, namespace, rights: all });
  });

  const table = needs.map(({ task, right, perform }, index) => [task, right, perform, `${name}-${index}`] as const);
  test.each(table)('cannot %s without "%s"', async (_, right, perform, limitedName) => {
    const others = all.filter(({ title }) => title !== right);
    const limited = await createAccount(sandbox, { name: limitedName, namespace, rights: others });
    await expect(asActivity(() => perform(limited))).rejects.toThrow(/forbidden/i);
    await asActivity(() => perform(account));
  });
});

test('a worker that may not act as an account says which file lets it', async () => {
  const { config } = await createAccount(sandbox, { name: 'nobody', namespace, rights: [] });
  const act = asActivity(() => connectCluster(actAs(config, user)).readService(target));
  await expect(act).rejects.toThrow('lacks the right to: kubectl apply -f deploy/rbac.yaml');
});
