import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubernetesObject } from '@kubernetes/client-node';
import type { SandboxCluster } from '../cluster/client.ts';
import { readManifests } from '../cluster/client.ts';
import { until } from '../processes/condition.ts';
import { writeTargetFiles, type TargetName } from './target-files.ts';

const run = promisify(execFile);
const sample = 'canary-progressive';
const chartArchive = 'sample-app-0.1.0.tgz';

export interface SampleRequest {
  /** Name of the Helm release and of the Knative Service. */
  readonly name: string;
  /** Made if it does not exist. Default `default`. */
  readonly namespace?: string;
  /** How far the tutorial's step 3, which lets the account `serin` of the namespace work there, is taken. Default `all`. */
  readonly consent?: Consent;
  /** Whether only the baseline is installed, which then has all traffic. Default false. */
  readonly baselineOnly?: boolean;
}

/** A Knative Service with a baseline at 100 % and a candidate at 0 %, as after step 1 of the tutorial. */
export interface SampleTarget extends TargetName {
  /** The host for requests through the gateway. */
  readonly host: string;
  readonly baselineRevision: string;
  readonly candidateRevision: string;
  /** The tutorial's `experiment.yaml` for this target. */
  readonly experiment: string;
  /** URL of the packaged chart. */
  readonly chartUrl: string;
  readonly valuesUrls: { readonly baseline: string; readonly experimental: string; readonly candidate: string };
}

export interface SampleTools {
  readonly cluster: SandboxCluster;
  readonly helm: string;
  readonly kubeconfig: string;
  /** The directory of the chart repository's files, and its URL. */
  readonly repository: { readonly directory: string; readonly url: string };
}

/** The objects of the tutorial's step 3 that are applied: all, all but helm's right on secrets, or none. */
const consents = {
  all: () => true,
  withoutSecrets: ({ metadata }: KubernetesObject) => metadata?.name !== 'serin-helm-secrets',
  none: () => false,
} as const;

export type Consent = keyof typeof consents;

/** Takes steps 1 and 3 of the tutorial, for a Knative Service of any name. */
export async function deploySample(tools: SampleTools, request: SampleRequest): Promise<SampleTarget> {
  const { name, namespace = 'default', consent = 'all', baselineOnly = false } = request;
  const folder = join('targets', namespace, name);
  const place = { directory: join(tools.repository.directory, folder), url: `${tools.repository.url}/${folder}` };
  await writeTargetFiles({ name, namespace }, join(tools.repository.directory, sample), place);
  const target = describe(
    { name, namespace },
    place.url,
    await readFile(join(place.directory, 'experiment.yaml'), 'utf8'),
  );
  await tools.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  for (const object of await readManifests(join(place.directory, 'helm-secret.yaml'))) {
    if (consents[consent](object)) await tools.cluster.apply(object);
  }
  await runHelm(tools, [
    'install',
    name,
    target.chartUrl,
    '--values',
    target.valuesUrls.baseline,
    '--namespace',
    namespace,
  ]);
  await isReady(tools.cluster, target, target.baselineRevision);
  if (baselineOnly) return target;
  await runHelm(tools, [
    'upgrade',
    name,
    target.chartUrl,
    '--values',
    target.valuesUrls.experimental,
    '--namespace',
    namespace,
  ]);
  await isReady(tools.cluster, target, target.candidateRevision);
  return target;
}

function describe({ name, namespace }: TargetName, url: string, experiment: string): SampleTarget {
  return {
    name,
    namespace,
    experiment,
    host: `${name}.${namespace}.example.com`,
    baselineRevision: `${name}-v1`,
    candidateRevision: `${name}-v2`,
    chartUrl: `${url}/${chartArchive}`,
    valuesUrls: {
      baseline: `${url}/sample-app/values.yaml`,
      experimental: `${url}/experimental-values.yaml`,
      candidate: `${url}/sample-app/candidate-values.yaml`,
    },
  };
}

async function runHelm({ helm, kubeconfig }: SampleTools, args: readonly string[]): Promise<void> {
  await run(helm, [...args], { env: { ...process.env, KUBECONFIG: kubeconfig } });
}

interface KnativeService extends KubernetesObject {
  readonly status?: {
    readonly observedGeneration?: number;
    readonly latestReadyRevisionName?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

async function isReady(cluster: SandboxCluster, { name, namespace }: TargetName, revision: string): Promise<void> {
  const header = { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name, namespace } };
  const what = `${namespace}/${name} to be ready with ${revision}`;
  await until({ what, limitMs: 180_000, pollMs: 100 }, async () => {
    const { metadata, status } = await cluster.read<KnativeService>(header);
    const isTrue =
      status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
    return (
      isTrue && status?.observedGeneration === metadata?.generation && status?.latestReadyRevisionName === revision
    );
  });
}
