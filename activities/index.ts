import { cancellationSignal } from '@temporalio/activity';
import type { KubeConfig } from '@kubernetes/client-node';
import { defined } from '../core/text/defined.ts';
import type { ExperimentActivities } from '../contract/activities.ts';
import { commandEnvironment } from './commands/environment.ts';
import type { Environment } from './commands/environment.ts';
import { runCommand } from './commands/run-command.ts';
import { runScript } from './commands/run-script.ts';
import { compareRendered } from './helm/compare-rendered.ts';
import { connectHelm } from './helm/helm.ts';
import { runHelm } from './helm/run-helm.ts';
import { notifyHttp, notifySlack } from './http/notify.ts';
import { requestText } from './http/request-text.ts';
import { awaitReadiness } from './knative/await-readiness.ts';
import type { TemporalService } from '../temporal/settings.ts';
import { checkObjects } from './knative/check-objects.ts';
import { connectCluster } from './knative/cluster.ts';
import { discoverVersions } from './knative/discover-versions.ts';
import { observeTarget } from './knative/observe-target.ts';
import { acquireTarget, releaseTarget } from './knative/acquire-target.ts';
import { patchTraffic } from './knative/patch-traffic.ts';
import { readSecretData } from './knative/secret-data.ts';
import { verifyTarget } from './knative/verify-target.ts';
import { collectMetrics } from './load/collect-metrics.ts';
import { readManifest } from './manifest.ts';
import { createQueryMetrics } from './metrics/query-metrics.ts';
import { preflight } from './preflight/preflight.ts';
import { computeWeights } from './weights.ts';
import type { WorkerSettings } from '../formats/worker/settings.ts';

/** The part of a worker's settings that its activities use. */
type ActivitySettings = Pick<
  WorkerSettings,
  | 'prometheusUrl'
  | 'prometheusScrapeIntervalMs'
  | 'allowedCommands'
  | 'allowedHosts'
  | 'slackUrl'
  | 'helmPath'
  | 'helmPendingLimitMs'
  | 'kubeconfig'
>;

export interface ActivityDependencies {
  readonly settings: ActivitySettings;
  readonly temporal: TemporalService;
  readonly kubeConfig: KubeConfig;
  /** Where helm and other commands find programs, certificates and proxies. Default: this process's environment. */
  readonly environment?: Environment;
}

/** The activities of the `experiment` workflow, connected to their worker's Temporal, cluster, Prometheus and helm. */
export function createActivities(dependencies: ActivityDependencies): ExperimentActivities {
  const { settings, temporal, kubeConfig } = dependencies;
  const { allowedCommands, allowedHosts, slackUrl } = settings;
  const { prometheusUrl, prometheusScrapeIntervalMs: scrapeIntervalMs } = settings;
  const metrics = { prometheusUrl, scrapeIntervalMs };
  const environment = toolEnvironment(dependencies);
  const cluster = connectCluster(kubeConfig);
  const helm = connectHelm({
    path: settings.helmPath,
    environment,
    pendingLimitMs: settings.helmPendingLimitMs,
    isApiReady: cluster.isReady,
  });
  return {
    readManifest: (input) => readManifest({ temporal, cluster, allowedCommands }, input),
    acquireTarget: (input) => acquireTarget({ cluster, temporal }, input),
    releaseTarget: (input) => releaseTarget(cluster, input),
    discoverVersions: (input) => discoverVersions(cluster, input),
    awaitReadiness: (input) => awaitReadiness(cluster, input),
    preflight: (input) => preflight({ cluster, helm, allowedCommands, environment, metrics }, input),
    ...createQueryMetrics({
      prometheusUrl,
      scrapeIntervalMs,
      observeTarget: (input) => observeTarget(cluster, input),
      backEnds: {
        prometheusUrl,
        readSecret: (name) => readSecretData(cluster, name),
        request: (request) => requestText({ ...request, allowedHosts }),
      },
      cancellationSignal,
    }),
    computeWeights,
    patchTraffic: (input) => patchTraffic(cluster, input),
    runHelm: (input) => runHelm({ cluster, helm, allowedCommands }, input),
    runCommand: (input) => runCommand({ cluster, allowedCommands, environment }, input),
    runScript: (input) => runScript({ cluster, allowedCommands, environment }, input),
    checkObjects: (input) => checkObjects(cluster, input),
    collectMetrics: (input) => collectMetrics({ allowedCommands, allowedHosts, environment }, input),
    notifyHttp: (input) => notifyHttp({ cluster, allowedHosts, slackUrl }, input),
    notifySlack: (input) => notifySlack({ cluster, allowedHosts, slackUrl }, input),
    compareRendered: (input) => compareRendered({ cluster, helm }, input),
    verifyTarget: (input) => verifyTarget(cluster, input),
  } satisfies ExperimentActivities;
}

/** The environment of helm and other commands; helm must use the cluster that serin uses. */
function toolEnvironment({
  settings,
  environment = process.env,
}: ActivityDependencies): Readonly<Record<string, string>> {
  const { kubeconfig } = settings;
  return { ...commandEnvironment(environment), ...defined({ KUBECONFIG: kubeconfig }) };
}
