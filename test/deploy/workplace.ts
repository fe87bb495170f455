import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import type { V1Lease } from '@kubernetes/client-node';
import { connectCluster } from '../../activities/knative/cluster.ts';
import type { ActivityCluster } from '../../activities/knative/cluster.ts';
import { newLease } from '../../activities/knative/lease.ts';
import { watchNamespace } from '../../activities/knative/watched-namespace.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { leaseObjectName } from '../../kubernetes/lease.ts';
import { connectOperatorCluster } from '../../operator/cluster.ts';
import type { ExperimentKind, ExperimentObject } from '../../operator/experiment-object.ts';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

/** A namespace with all that serin works with, and what an account does there. */
export interface Workplace {
  readonly sandbox: Sandbox;
  readonly namespace: string;
  /** The cluster as an administrator sees it. */
  readonly admin: ActivityCluster;
  readonly target: SampleTarget;
  /** Whose chart gets one more Knative Service. */
  readonly growing: SampleTarget;
  /** Arguments of helm for the target's promotion. */
  readonly upgrade: readonly string[];
  /** Runs helm with a kubeconfig. */
  readonly runHelm: (kubeconfig: string, ...args: readonly string[]) => Promise<void>;
  /** Reads the Experiment `canary` of the kind, as an administrator. */
  readonly readExperiment: (kind: ExperimentKind) => Promise<ExperimentObject>;
  /** Watches as the operator does, and returns when it has seen an Experiment, and then a change of it. */
  readonly untilChangeIsSeen: (config: KubeConfig, kind: ExperimentKind) => Promise<void>;
  /** Watches the namespace as the worker does, and returns when it has all of it. */
  readonly untilWatched: (config: KubeConfig) => Promise<void>;
  /** Creates the Lease of a target that has none. */
  readonly createLease: (cluster: ActivityCluster) => Promise<{ readonly name: ObjectName; readonly lease: V1Lease }>;
}

/** Makes two targets, an Experiment `canary` of each kind, and a Secret `token`. */
export async function makeWorkplace(sandbox: Sandbox, namespace: string): Promise<Workplace> {
  const [target, growing] = await Promise.all([
    sandbox.deploySample({ name: 'shop', namespace }),
    sandbox.deploySample({ name: 'growing', namespace, baselineOnly: true }),
  ]);
  await sandbox.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: furniture(namespace) }));
  const config = new KubeConfig();
  config.loadFromFile(sandbox.kubeconfig);
  return {
    sandbox,
    namespace,
    admin: connectCluster(config),
    target,
    growing,
    upgrade: ['upgrade', target.name, target.chartUrl, `--values=${target.valuesUrls.candidate}`],
    runHelm: async (kubeconfig, ...args) => {
      const env = { ...process.env, KUBECONFIG: kubeconfig };
      await run(sandbox.tools.helm, [...args, '--namespace', namespace], { env });
    },
    readExperiment: async ({ group }) => {
      const object = [`experiments.${group}/canary`, '--namespace', namespace];
      return JSON.parse(await sandbox.kubectl('get', ...object, '--output=json')) as ExperimentObject;
    },
    untilChangeIsSeen: (watching, kind) => untilChangeIsSeen({ sandbox, namespace, config: watching, kind }),
    untilWatched: (watching) => untilWatched(watching, namespace),
    createLease: leaseMaker(namespace),
  };
}

function furniture(namespace: string): readonly object[] {
  const versionInfo = { baseline: { name: 'v1' }, candidates: [{ name: 'v2' }] };
  const experiment = { kind: 'Experiment', metadata: { name: 'canary', namespace } };
  const iter8Spec = { target: 'shop', strategy: { testingPattern: 'Canary' }, versionInfo };
  return [
    { apiVersion: 'iter8.tools/v2alpha2', ...experiment, spec: iter8Spec },
    { apiVersion: 'serin.dev/v1alpha1', ...experiment, spec: { target: 'shop' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token', namespace } },
  ];
}

interface Watching {
  readonly sandbox: Sandbox;
  readonly namespace: string;
  readonly config: KubeConfig;
  readonly kind: ExperimentKind;
}

async function untilChangeIsSeen({ sandbox, namespace, config, kind }: Watching): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const object = [`experiments.${kind.group}/canary`, '--namespace', namespace];
  let seen = 0;
  const watched = connectOperatorCluster(config, namespace).watch(kind, {
    changed: () => {
      seen += 1;
      if (seen > 1) resolve();
      else sandbox.kubectl('annotate', ...object, '--overwrite', `at=${Date.now()}`).catch(reject);
    },
    gone: () => reject(new Error('the Experiment is gone')),
    broken: (reason) => reject(new Error(reason)),
  });
  await promise.finally(watched.stop);
}

async function untilWatched(kubeConfig: KubeConfig, namespace: string): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const cluster = connectCluster(kubeConfig);
  const watched = watchNamespace({ kubeConfig, cluster, namespace, refused: reject });
  await Promise.race([promise, until(`the watch of ${namespace}`, async () => watched.isOpen())]);
}

function leaseMaker(namespace: string): Workplace['createLease'] {
  let made = 0;
  const holder = { temporalAddress: '', temporalNamespace: '', workflowId: namespace, firstRunId: namespace };
  return async (cluster) => {
    made += 1;
    const owned = { namespace, name: `target-${made}` };
    const name = leaseObjectName(owned);
    return { name, lease: await cluster.createLease(name, newLease(owned, holder)) };
  };
}
