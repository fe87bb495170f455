import { connectCluster } from '../../activities/knative/cluster.ts';
import { accountUser, actAs } from '../../kubernetes/account.ts';
import { leaseObjectName } from '../../kubernetes/lease.ts';
import { connectRestoreCluster } from '../../kubernetes/restore-cluster.ts';
import { calendarConfigMap } from '../../contract/calendar.ts';
import { receiversSecret } from '../../contract/notices.ts';
import { noCollectionAnnotation } from '../../core/traffic/target.ts';
import { connectOperatorCluster } from '../../operator/cluster.ts';
import { experimentKinds } from '../../operator/experiment-object.ts';
import { initialStatus } from '../../operator/status/experiment-status.ts';
import { connectPeople } from '../../server/person.ts';
import { publishLargerChart } from '../support/charts.ts';
import type { LimitedAccount } from '../support/limited-account.ts';
import type { Workplace } from './workplace.ts';

/** What serin does in a cluster, and the right without which the API server refuses it. */
export interface Need {
  /** In words of `formatRight`. */
  readonly right: string;
  readonly task: string;
  readonly perform: (account: LimitedAccount, place: Workplace) => Promise<unknown>;
}

/** The ClusterRoles of `deploy/` by the accounts for which they are meant, and what needs each of their rights. */
export function listNeeds(): readonly { readonly account: string; readonly needs: readonly Need[] }[] {
  return [
    { account: 'worker', needs: ofWorker },
    { account: 'operator', needs: ofOperator },
    { account: 'server', needs: ofServer },
    { account: 'owner', needs: [...ofTarget, ...ofRelease] },
  ];
}

const ofWorker: readonly Need[] = [
  {
    right: 'serin-worker: impersonate serviceaccounts serin',
    task: 'act as the account of a namespace',
    perform: ({ config }, { namespace, target }) =>
      connectCluster(actAs(config, accountUser({ namespace, name: 'serin' }))).readService(target),
  },
  ...experimentKinds.map(({ group }): Need => ({
    right: `serin-worker: get experiments.${group}`,
    task: 'see whether the Experiment of a run still exists',
    perform: ({ cluster }, { namespace }) =>
      cluster.readObject({ kind: `experiments.${group}`, namespace, name: 'canary' }),
  })),
];

const ofOperator: readonly Need[] = [
  ...experimentKinds.flatMap((kind): readonly Need[] => [
    {
      right: `serin-operator: list experiments.${kind.group}`,
      task: 'find Experiments',
      perform: ({ config }, { untilChangeIsSeen }) => untilChangeIsSeen(config, kind),
    },
    {
      right: `serin-operator: watch experiments.${kind.group}`,
      task: 'see that an Experiment has changed',
      perform: ({ config }, { untilChangeIsSeen }) => untilChangeIsSeen(config, kind),
    },
    {
      right: `serin-operator: get experiments.${kind.group}`,
      task: 'read the manifest of an Experiment',
      perform: async ({ config }, { readExperiment }) =>
        connectOperatorCluster(config).readExperiment(await readExperiment(kind)),
    },
    {
      right: `serin-operator: patch experiments.${kind.group}`,
      task: 'keep an Experiment until its traffic is safe',
      perform: async ({ config }, { readExperiment }) =>
        connectOperatorCluster(config).setFinalizers(await readExperiment(kind), []),
    },
    {
      right: `serin-operator: update experiments/status.${kind.group}`,
      task: 'show how an Experiment is',
      perform: async ({ config }, { readExperiment }) =>
        connectOperatorCluster(config).writeStatus(await readExperiment(kind), initialStatus(Date.now())),
    },
  ]),
  {
    right: 'serin-operator: create events',
    task: 'tell what has happened to an Experiment',
    perform: async ({ config }, { readExperiment }) => {
      const event = { type: 'Normal', reason: 'Started', message: 'started' } as const;
      for (const kind of experimentKinds)
        await connectOperatorCluster(config).writeEvent(await readExperiment(kind), event, new Date());
    },
  },
  {
    right: 'serin-operator: impersonate serviceaccounts serin',
    task: 'bring traffic back as the account of a namespace',
    perform: ({ config }, { namespace, target }) =>
      connectRestoreCluster(actAs(config, accountUser({ namespace, name: 'serin' }))).readService(target),
  },
];

const ofServer: readonly Need[] = [
  {
    right: 'serin-server: create tokenreviews.authentication.k8s.io',
    task: 'ask who somebody is',
    perform: ({ config }) => connectPeople(config).identify('of nobody'),
  },
  {
    right: 'serin-server: create subjectaccessreviews.authorization.k8s.io',
    task: 'ask what somebody may do',
    perform: ({ config }, { namespace }) => connectPeople(config).mayDo({ user: 'ann', groups: [] }, 'get', namespace),
  },
];

const ofTarget: readonly Need[] = [
  {
    right: 'serin-target: get services.serving.knative.dev',
    task: 'read the target',
    perform: ({ cluster }, { target }) => cluster.readService(target),
  },
  ...['list services', 'watch services', 'watch revisions'].map((right): Need => ({
    right: `serin-target: ${right}.serving.knative.dev`,
    task: 'see whether the target has changed',
    perform: ({ config }, { untilWatched }) => untilWatched(config),
  })),
  {
    right: 'serin-target: patch services.serving.knative.dev',
    task: 'write its traffic',
    perform: async ({ cluster }, { admin, target }) => {
      const service = await admin.readService(target);
      if (service === undefined) throw new Error('the target is gone');
      const { resourceVersion } = service.metadata;
      return cluster.patchService(target, { resourceVersion, annotations: {}, traffic: service.spec.traffic ?? [] });
    },
  },
  {
    right: 'serin-target: create services.serving.knative.dev',
    task: 'upgrade to a chart with one more Knative Service',
    perform: async ({ kubeconfig }, { sandbox, growing, runHelm }) =>
      runHelm(kubeconfig, 'upgrade', growing.name, await publishLargerChart(sandbox, growing)),
  },
  {
    right: 'serin-target: get revisions.serving.knative.dev',
    task: 'see whether a version is ready',
    perform: ({ cluster }, { namespace, target }) => cluster.readRevision({ namespace, name: target.baselineRevision }),
  },
  {
    right: 'serin-target: list revisions.serving.knative.dev',
    task: 'find the revisions between which it restores traffic',
    perform: ({ config }, { target }) => connectRestoreCluster(config).readRevisions(target),
  },
  {
    right: 'serin-target: patch revisions.serving.knative.dev',
    task: 'keep the baseline from the garbage collection',
    perform: ({ cluster }, { namespace, target }) =>
      cluster.annotateRevision({ namespace, name: target.baselineRevision }, { [noCollectionAnnotation]: null }),
  },
  {
    right: 'serin-target: get leases.coordination.k8s.io',
    task: 'see who owns the target',
    perform: ({ cluster }, { target }) => cluster.readLease(leaseObjectName(target)),
  },
  {
    right: 'serin-target: create leases.coordination.k8s.io',
    task: 'own the target',
    perform: ({ cluster }, { createLease }) => createLease(cluster),
  },
  {
    right: 'serin-target: update leases.coordination.k8s.io',
    task: 'take over the target of a run that has ended',
    perform: async ({ cluster }, { admin, createLease }) => {
      const { name, lease } = await createLease(admin);
      return cluster.replaceLease(name, lease);
    },
  },
  {
    right: 'serin-target: delete leases.coordination.k8s.io',
    task: 'release the target',
    perform: async ({ cluster }, { admin, createLease }) => {
      const { name, lease } = await createLease(admin);
      return cluster.deleteLease(name, lease);
    },
  },
  ...experimentKinds.map(({ group, version }): Need => ({
    right: `serin-target: get metrics.${group}`,
    task: 'read the definition of a metric',
    perform: ({ cluster }, { namespace }) =>
      cluster.readMetricResource({ group, version }, { namespace, name: 'latency' }),
  })),
  {
    right: 'serin-target: get secrets serin-notices',
    task: 'read where notices go',
    perform: ({ cluster }, { namespace }) => cluster.readSecret({ namespace, name: receiversSecret }),
  },
  {
    right: 'serin-target: get configmaps serin-calendar',
    task: 'read when traffic may advance',
    perform: ({ cluster }, { namespace }) => cluster.readConfigMap({ namespace, name: calendarConfigMap }),
  },
];

const ofRelease: readonly Need[] = [
  {
    right: 'serin-secret-reader-writer: get secrets',
    task: 'read the Secret that a task names',
    perform: ({ cluster }, { namespace }) => cluster.readSecret({ namespace, name: 'token' }),
  },
  {
    right: 'serin-secret-reader-writer: list secrets',
    task: 'see how a release is',
    perform: ({ kubeconfig }, { target, runHelm }) => runHelm(kubeconfig, 'history', target.name),
  },
  {
    right: 'serin-secret-reader-writer: create secrets',
    task: 'begin a revision of a release',
    perform: ({ kubeconfig }, { upgrade, runHelm }) => runHelm(kubeconfig, ...upgrade),
  },
  {
    right: 'serin-secret-reader-writer: update secrets',
    task: 'mark a release failed that a killed helm has left pending',
    perform: async ({ cluster }, { admin, namespace }) => {
      const name = { namespace, name: 'token' };
      return cluster.replaceSecret(name, (await admin.readSecret(name)) ?? {});
    },
  },
  {
    right: 'serin-secret-reader-writer: delete secrets',
    task: 'upgrade a release that has as many revisions as helm keeps',
    perform: ({ kubeconfig }, { upgrade, runHelm }) => runHelm(kubeconfig, ...upgrade, '--history-max=1'),
  },
];
