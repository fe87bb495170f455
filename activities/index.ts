import { cancellationSignal } from '@temporalio/activity';
import type { KubeConfig } from '@kubernetes/client-node';
import { defined } from '../core/text/defined.ts';
import type { Experiment, ObjectName } from '../core/experiment/experiment.ts';
import type { CalendarInput } from '../contract/calendar.ts';
import type { InNamespace } from '../contract/in-namespace.ts';
import type { ExperimentActivities } from '../contract/activities.ts';
import { connectAccounts } from './accounts.ts';
import type { ClusterAccess } from './accounts.ts';
import { commandEnvironment } from './commands/environment.ts';
import type { Environment } from './commands/environment.ts';
import { runCommand } from './commands/run-command.ts';
import { runScript } from './commands/run-script.ts';
import { Calendars } from './calendar.ts';
import { compareRendered } from './helm/compare-rendered.ts';
import { withHeartbeats } from './heartbeat.ts';
import type { HelmOptions } from './helm/helm.ts';
import { findRegistryLogin } from './helm/registry-login.ts';
import { runHelm } from './helm/run-helm.ts';
import { download } from './http/download.ts';
import type { DownloadRequest } from './http/download.ts';
import { notifyHttp, notifySlack } from './http/notify.ts';
import { sendNotices } from './notices/send-notices.ts';
import { requestBytes, requestText } from './http/request-text.ts';
import { awaitReadiness } from './knative/await-readiness.ts';
import type { TemporalService } from '../temporal/settings.ts';
import { checkObjects } from './knative/check-objects.ts';
import { discoverVersions } from './knative/discover-versions.ts';
import { observeWatched } from './knative/observe-watched.ts';
import type { WatchedReads } from './knative/observe-watched.ts';
import { verifyAct } from './verify-act.ts';
import { acquireTarget, releaseTarget } from './knative/acquire-target.ts';
import { patchTraffic } from './knative/patch-traffic.ts';
import { RecentReads } from './knative/recent-reads.ts';
import { readSecretData } from './knative/secret-data.ts';
import { verifyTarget } from './knative/verify-target.ts';
import { collectMetrics } from './load/collect-metrics.ts';
import { readManifest } from './manifest.ts';
import { createMetricsActivities } from './metrics/query-metrics.ts';
import { preflight } from './preflight/preflight.ts';
import { computeWeights } from './weights.ts';
import type { MetricBackEnds } from '../metrics/providers/provider.ts';
import type { PrometheusAccess } from '../metrics/prometheus/access.ts';
import type { WorkerSettings } from '../formats/worker/settings.ts';

/** The part of a worker's settings that its activities use. */
type ActivitySettings = Pick<
  WorkerSettings,
  | 'prometheusUrl'
  | 'prometheusScrapeIntervalMs'
  | keyof PrometheusAccess
  | 'allowedCommands'
  | 'allowedHosts'
  | 'slackUrl'
  | 'serverUrl'
  | 'clusterName'
  | 'commandMemoryBytes'
  | 'commandUser'
  | 'helmPath'
  | 'helmPendingLimitMs'
  | 'kubeconfig'
  | 'serviceAccount'
  | 'verificationKeysFile'
>;

export interface ActivityDependencies {
  readonly settings: ActivitySettings;
  readonly temporal: TemporalService;
  readonly kubeConfig: KubeConfig;
  /** Where helm and other commands find programs, certificates and proxies. Default: this process's environment. */
  readonly environment?: Environment;
  /** Says what costs work, and what would help. */
  readonly warn?: (message: string) => void;
}

type DownloadOptions = Pick<DownloadRequest, 'allowedHosts' | 'namespace' | 'signal'>;

/** The limit of one answer of a registry. */
const registryLimitMs = 30_000;

/** The activities of the `experiment` workflow, connected to their worker's Temporal, cluster, Prometheus and helm. */
export function createActivities(dependencies: ActivityDependencies): ExperimentActivities {
  const { settings, temporal, kubeConfig, warn = () => undefined } = dependencies;
  const { allowedCommands, allowedHosts, slackUrl, serverUrl, clusterName, verificationKeysFile } = settings;
  const { prometheusUrl, prometheusScrapeIntervalMs: scrapeIntervalMs } = settings;
  const metrics = { prometheusUrl, access: settings, scrapeIntervalMs };
  const environment = toolEnvironment(dependencies);
  const bounds = { memoryBytes: settings.commandMemoryBytes, user: settings.commandUser };
  const { serviceAccount, helmPath, helmPendingLimitMs } = settings;
  const downloadsFor = (namespace: string): HelmOptions['downloads'] => {
    const request = (): DownloadOptions => ({ allowedHosts, namespace, signal: cancellationSignal() });
    return {
      download: (url, limitBytes) => download({ url, limitBytes, ...request() }),
      registries: {
        ask: (asked) => requestBytes({ method: 'GET', limitMs: registryLimitMs, ...asked, ...request() }),
        findLogin: (host) => findRegistryLogin(environment['HELM_REGISTRY_CONFIG'], host),
      },
    };
  };
  const helm = { path: helmPath, pendingLimitMs: helmPendingLimitMs, downloadsFor };
  const accounts = connectAccounts({ kubeConfig, serviceAccount, helm, environment, bounds, warn });
  const { own } = accounts;
  const as = ({ namespace }: InNamespace) => accounts.of(namespace);
  const asOwner = ({ experiment }: { readonly experiment: Experiment }) => as(experiment);
  const programs = { allowedCommands, environment, bounds };
  const commands = (input: InNamespace) => ({ ...as(input), ...programs });
  const requests = (input: InNamespace) => ({ ...as(input), allowedHosts, slackUrl });
  const backEndsOf = (input: InNamespace): MetricBackEnds => ({
    prometheusUrl,
    prometheusAccess: settings,
    readSecret: (name) => readSecretData(as(input).cluster, name),
    request: (request) => requestText({ ...request, allowedHosts, namespace: input.namespace }),
  });
  const recentReads = new RecentReads();
  const watchedReads = ({ cluster, watch }: ClusterAccess, { namespace }: ObjectName): WatchedReads => {
    const { isOpen, recalled } = watch(namespace);
    return { watched: { isOpen, recalled: recentReads.keeping(recalled) }, asked: recentReads.keeping(cluster) };
  };
  const calendars = new Calendars((input) => as(input).cluster);
  const askCalendars = (input: CalendarInput) => calendars.ask(input);
  return {
    readManifest: (input) => readManifest({ temporal, as }, input),
    acquireTarget: (input) => acquireTarget({ ...as(input), own, temporal }, input),
    releaseTarget: (input) => releaseTarget({ ...as(input), temporal }, input),
    verifyAct: (input) => verifyAct(verificationKeysFile, input),
    discoverVersions: (input) => discoverVersions(asOwner(input).cluster, input),
    awaitReadiness: (input) => awaitReadiness(asOwner(input).cluster, input),
    preflight: (input) =>
      preflight(
        {
          ...asOwner(input),
          ...programs,
          verificationKeysFile,
          own,
          metrics,
          backEnds: backEndsOf(input.experiment),
          askCalendars,
        },
        input,
      ),
    ...createMetricsActivities({
      ...metrics,
      observeTarget: (input) => observeWatched(watchedReads(as(input), input.target), input),
      askCalendars,
      backEndsOf,
      cancellationSignal,
      heartbeats: withHeartbeats,
    }),
    readCalendar: askCalendars,
    computeWeights,
    patchTraffic: (input) => {
      const { cluster, watch } = as(input);
      return patchTraffic(recentReads.reusing(cluster), input, watch(input.target.namespace));
    },
    runHelm: (input) => runHelm(commands(input), input),
    runCommand: (input) => runCommand(commands(input), input),
    runScript: (input) => runScript(commands(input), input),
    checkObjects: (input) => checkObjects(as(input).cluster, input),
    collectMetrics: (input) => collectMetrics({ ...programs, allowedHosts }, input),
    notifyHttp: (input) => notifyHttp(requests(input), input),
    notifySlack: (input) => notifySlack(requests(input), input),
    sendNotices: (input) => {
      const signal = cancellationSignal();
      return sendNotices({ ...requests(input), serverUrl, clusterName, signal }, input);
    },
    compareRendered: (input) => compareRendered(asOwner(input), input),
    verifyTarget: (input) => verifyTarget(as(input).cluster, input),
  } satisfies ExperimentActivities;
}

/** The environment of helm and other commands; helm must use the cluster that serin uses. */
function toolEnvironment({
  settings,
  environment = process.env,
}: ActivityDependencies): Readonly<Record<string, string>> {
  const { kubeconfig } = settings;
  return commandEnvironment({ ...environment, ...defined({ KUBECONFIG: kubeconfig }) });
}
