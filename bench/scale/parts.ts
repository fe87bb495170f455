import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeBase } from '../../sandbox/base.ts';
import type { Base } from '../../sandbox/base.ts';
import { makeAccounts } from '../../sandbox/cluster/accounts.ts';
import type { SandboxCluster } from '../../sandbox/cluster/client.ts';
import { startApiServer } from '../../sandbox/cluster/control-plane.ts';
import { defineAll } from '../../sandbox/cluster/definitions.ts';
import { startSupervision } from '../../sandbox/processes/supervision.ts';
import type { SupervisedProcess, Supervision } from '../../sandbox/processes/supervision.ts';
import { startPrometheus } from '../../sandbox/prometheus/prometheus.ts';
import { startTemporal } from '../../sandbox/temporal/temporal.ts';
import { resolveSandboxTools } from '../../sandbox/tools/resolve.ts';
import type { ScaleOptions } from './options.ts';

export const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** The real parts that the workers work with; all of them on loopback. */
export interface Parts {
  readonly base: Base;
  readonly cluster: SandboxCluster;
  readonly workerKubeconfig: string;
  readonly temporalAddress: string;
  readonly prometheusUrl: string;
  readonly auditLog: string;
  /** Every program that was started, also later ones. */
  readonly processes: readonly SupervisedProcess[];
  readonly stop: () => Promise<void>;
}

/** The kinds of Knative that serin reads. */
const knativeKinds = ['service.yaml', 'revision.yaml'];

/** Starts etcd, the API server, Temporal, and a Prometheus that scrapes the exporter. Nothing outlives this process. */
export async function startParts(
  { database, scrapeSeconds }: Pick<ScaleOptions, 'database' | 'scrapeSeconds'>,
  exporter: string,
): Promise<Parts> {
  const tools = await resolveSandboxTools();
  const stateDirectory = await mkdtemp(join(tmpdir(), 'serin-scale-'));
  await mkdir(join(stateDirectory, 'logs'));
  const processes: SupervisedProcess[] = [];
  const supervision = recording(startSupervision(stateDirectory), processes);
  const base = makeBase({ supervision, stateDirectory, tools });
  try {
    const [{ cluster, workerKubeconfig }, temporal, prometheus] = await Promise.all([
      startCluster(base),
      startTemporal(base, { temporalDatabase: database }),
      startPrometheus(base, { scrapeIntervalMs: scrapeSeconds * 1000, target: exporter }),
    ]);
    return {
      base,
      cluster,
      workerKubeconfig,
      temporalAddress: temporal.address,
      prometheusUrl: prometheus.url,
      auditLog: join(stateDirectory, 'logs', 'audit.log'),
      processes,
      stop: () => supervision.stop(),
    };
  } catch (error) {
    await supervision.stop();
    throw error;
  }
}

function recording(supervision: Supervision, processes: SupervisedProcess[]): Supervision {
  return {
    spawn: async (program) => {
      const started = await supervision.spawn(program);
      processes.push(started);
      return started;
    },
    stop: () => supervision.stop(),
  };
}

async function startCluster(base: Base): Promise<Pick<Parts, 'cluster' | 'workerKubeconfig'>> {
  const { server, cluster } = await startApiServer(base);
  const kinds = knativeKinds.map((file) => join(base.tools.knativeManifests, 'serving/300-resources', file));
  await Promise.all([...kinds, join(checkout, 'deploy/crds.yaml')].map((path) => defineAll(cluster, path)));
  const workerKubeconfig = join(base.stateDirectory, 'worker-kubeconfig');
  const kubeconfigs = { 'serin-worker': workerKubeconfig };
  await makeAccounts({ cluster, server }, { rbac: join(checkout, 'deploy/rbac.yaml'), kubeconfigs });
  return { cluster, workerKubeconfig };
}
