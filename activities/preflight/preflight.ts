import { cancellationSignal } from '@temporalio/activity';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { isLoadTest } from '../../core/measurements/load-test.ts';
import { leaseAnnotations, planAnnotation } from '../../core/traffic/target.ts';
import type { TaggedRevision } from '../../core/traffic/target.ts';
import { possibleWinners } from '../../core/tasks/rehearsal.ts';
import { formatPercents, percentsByRevision } from '../../core/traffic/spec-traffic.ts';
import { judgedVersions, metricVersions, movesTraffic, allVersions } from '../../core/experiment/versions.ts';
import type { LeaseHolder } from '../../core/traffic/lease.ts';
import type { PreflightReport } from '../../contract/preparation.ts';
import type { KubectlAccess } from '../commands/kubectl.ts';
import { refusedCommands } from '../commands/run-command.ts';
import type { ClusterAccess } from '../accounts.ts';
import { failure } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import type { Helm } from '../helm/helm.ts';
import { renderingDigest } from '../helm/rendering-digest.ts';
import { awaitReadiness } from '../knative/await-readiness.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { annotateLease, isTakenOver, requireLease } from '../knative/lease.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { requireExperiment } from '../knative/require-experiment.ts';
import { applyProblems } from './apply-problems.ts';
import { checkHelm } from './helm-problems.ts';
import type { HelmFindings } from './helm-problems.ts';
import { forecastFromHistory } from './forecast-from-history.ts';
import { queryProblems } from '../metrics/defined-metrics.ts';
import { intervalProblem, requireMetrics } from './metrics.ts';
import type { MetricsSettings } from './metrics.ts';
import { missingOwnRights } from './rights.ts';
import { preflightWarnings } from './warnings.ts';

export interface PreflightDependencies extends ClusterAccess, KubectlAccess {
  /** As serin itself, which reads Experiments everywhere. */
  readonly own: Pick<ActivityCluster, 'readObject'>;
  readonly metrics: MetricsSettings;
  readonly allowedCommands: readonly string[];
}

export interface PreflightInput {
  readonly experiment: Experiment;
  readonly holder: LeaseHolder;
}

/**
 * Checks everything that must hold before the first write, and lists all that does not. What it writes is on our own
 * Lease: the verified baseline, which `serin restore` puts back, and the last write that it found.
 */
export async function preflight(dependencies: PreflightDependencies, input: PreflightInput): Promise<PreflightReport> {
  return withHeartbeats(async () => {
    const { experiment, holder } = input;
    const { target } = experiment;
    const lease = await requireLease(dependencies.cluster, { target, holder });
    const revisions = await awaitReadiness(dependencies.cluster, { experiment });
    const service = await readTarget(dependencies.cluster, experiment);
    const refusals = refusedCommands(experiment, dependencies.allowedCommands);
    // What may not run need not be rehearsed.
    const applies =
      refusals.length > 0 ? { problems: [], warnings: [] } : await applyProblems(dependencies, experiment);
    const helm = await checkHelm(dependencies, experiment, revisions);
    const problems = [
      ...trafficProblems(service, experiment, isTakenOver(lease)),
      ...(await missingOwnRights(dependencies, target)),
      ...metricProblems(experiment, dependencies.metrics),
      ...refusals,
      ...helm.problems,
      ...applies.problems,
    ];
    if (problems.length > 0) throw refused(experiment, problems);
    if (!isLoadTest(experiment)) await requireMetrics(dependencies.metrics, cancellationSignal());
    // A deletion cannot restore the traffic before the Lease names the baseline: so the run of a deleted Experiment ends here.
    await requireExperiment(dependencies.own, holder.workflowId);
    if (movesTraffic(experiment)) {
      await annotateLease(
        dependencies.cluster,
        { target, holder },
        {
          [leaseAnnotations.baseline]: experiment.baseline.revision,
          [leaseAnnotations.previousPlan]: service.metadata.annotations?.[planAnnotation],
        },
      );
    }
    const percents = percentsByRevision(service.status?.traffic ?? []);
    const weights = judgedVersions(experiment).map(({ revision }) => percents.get(revision) ?? 0);
    const outlook = await forecastFromHistory({ experiment, weights }, dependencies.metrics, cancellationSignal());
    const warnings = [...preflightWarnings(experiment), ...applies.warnings, ...outlook.warnings];
    const digests = await renderingDigests(dependencies.helm, experiment);
    return { revisions, weights, tags: trafficTags(service), ...outlook, ...digests, ...pinned(helm), warnings };
  });
}

/** The problems of measuring and querying; the experiment's own load is counted without scrapes. */
function metricProblems(experiment: Experiment, metrics: MetricsSettings): readonly string[] {
  const interval = isLoadTest(experiment) ? undefined : intervalProblem(experiment, metrics);
  const queries = queryProblems(experiment.metrics, metricVersions(experiment));
  return interval === undefined ? queries : [interval, ...queries];
}

async function renderingDigests(helm: Helm, experiment: Experiment): Promise<Pick<PreflightReport, 'digests'>> {
  if (!experiment.isPinned) return {};
  const digests: [string, string][] = [];
  for (const version of possibleWinners(experiment)) {
    digests.push([version.name, await renderingDigest(helm, experiment, version)]);
  }
  return { digests: Object.fromEntries(digests) };
}

function pinned({ pins }: HelmFindings): Pick<PreflightReport, 'pins'> {
  return Object.keys(pins).length === 0 ? {} : { pins };
}

async function readTarget(cluster: ActivityCluster, { target }: Experiment): Promise<KnativeService> {
  const service = await cluster.readService(target);
  if (service !== undefined) return service;
  throw failure('TargetGone', { message: `Knative Service ${formatObjectName(target)} is gone` });
}

function trafficTags({ status }: KnativeService): readonly TaggedRevision[] {
  return (status?.traffic ?? []).flatMap(({ tag, revisionName }) =>
    tag === undefined || tag === '' || revisionName === undefined ? [] : [{ tag, revisionName }],
  );
}

function trafficProblems(service: KnativeService, experiment: Experiment, wasTakenOver: boolean): readonly string[] {
  if (!movesTraffic(experiment)) return notRouted(service, experiment);
  return [...staleVersions(service, experiment), ...(wasTakenOver ? [] : promotedAlready(service, experiment))];
}

/** A conformance test needs requests, be it by a tag only. */
function notRouted({ status }: KnativeService, { target, baseline }: Experiment): readonly string[] {
  const traffic = status?.traffic ?? [];
  if (traffic.some(({ revisionName }) => revisionName === baseline.revision)) return [];
  const found = formatPercents(percentsByRevision(traffic));
  return [
    `revision ${baseline.revision} is not in the traffic of ${formatObjectName(target)}, which is ${found}: no request can reach it; give it a share or a tag`,
  ];
}

/** The versions must have all the traffic: else the baseline is not what users see, and roll back would be wrong. */
function staleVersions({ status }: KnativeService, experiment: Experiment): readonly string[] {
  const { target } = experiment;
  const percents = percentsByRevision(status?.traffic ?? []);
  const versions = [...new Set(allVersions(experiment).map(({ revision }) => revision))];
  const others = [...percents].filter(([revision]) => !versions.includes(revision));
  const ofVersions = versions.reduce((sum, revision) => sum + (percents.get(revision) ?? 0), 0);
  if (others.length === 0 && ofVersions === 100) return [];
  const found = formatPercents(percents);
  const expected = `${versions.join(' and ')} must have 100 % together`;
  const remedy = 'name the revision that serves now as the baseline';
  return [`stale baseline: the traffic of ${formatObjectName(target)} is ${found}, but ${expected}; ${remedy}`];
}

/**
 * A candidate with all the traffic was promoted by a run that ended in order. A run that was terminated left its Lease,
 * which we took over: then the split is its last step, and the new run heals it.
 */
function promotedAlready({ status }: KnativeService, { target, candidates }: Experiment): readonly string[] {
  const percents = percentsByRevision(status?.traffic ?? []);
  const candidate = candidates.find(({ revision }) => percents.get(revision) === 100);
  if (candidate === undefined) return [];
  const found = `candidate ${candidate.revision} has 100 % of the traffic of ${formatObjectName(target)} already`;
  return [`stale baseline: ${found}; it was promoted, so it is the baseline of the next experiment`];
}

function refused({ target }: Experiment, problems: readonly string[]): Error {
  const message = `preflight of ${formatObjectName(target)} found ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`;
  return failure('PreflightRefused', { message: `${message}:\n- ${problems.join('\n- ')}`, details: [{ problems }] });
}
