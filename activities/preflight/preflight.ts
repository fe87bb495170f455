import { setTimeout as sleep } from 'node:timers/promises';
import { cancellationSignal } from '@temporalio/activity';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { Experiment, ObjectName } from '../../core/experiment/experiment.ts';
import { listFirst } from '../../core/text/limits.ts';
import { redactText } from '../../core/text/redact-text.ts';
import { isLoadTest, needsRevisions } from '../../core/measurements/load-test.ts';
import { leaseAnnotations, planAnnotation } from '../../core/traffic/target.ts';
import type { TaggedRevision } from '../../core/traffic/target.ts';
import { formatPercents, percentsByRevision } from '../../core/traffic/spec-traffic.ts';
import { judgedVersions, metricVersions, movesTraffic, allVersions } from '../../core/experiment/versions.ts';
import type { LeaseHolder } from '../../core/traffic/lease.ts';
import type { MetricBackEnds } from '../../metrics/providers/provider.ts';
import type { CalendarInput, CalendarReport } from '../../contract/calendar.ts';
import type { PreflightReport } from '../../contract/preparation.ts';
import type { KubectlAccess } from '../commands/kubectl.ts';
import { refusedCommands } from '../commands/run-command.ts';
import type { ClusterAccess } from '../accounts.ts';
import { failure } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import { awaitReadiness } from '../knative/await-readiness.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { keepRevision } from '../knative/keep-revision.ts';
import { annotateLease, isTakenOver, requireLease } from '../knative/lease.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { requireExperiment } from '../knative/require-experiment.ts';
import { applyProblems } from './apply-problems.ts';
import { checkHelm } from './helm-problems.ts';
import type { HelmFindings } from './helm-problems.ts';
import { gitOpsWarnings } from './gitops.ts';
import { grpcWarnings } from './grpc.ts';
import { forecastFromHistory } from './forecast-from-history.ts';
import { queryMistakes, queryProblems } from '../metrics/defined-metrics.ts';
import { checkStore, intervalProblem, lagProblem } from './metrics.ts';
import type { MetricsSettings, StoreFindings } from './metrics.ts';
import { defaultPatienceMs, settledAnswers } from './settled-answers.ts';
import { missingOwnRights } from './rights.ts';
import { preflightWarnings } from './warnings.ts';

export interface PreflightDependencies extends ClusterAccess, KubectlAccess {
  /** As serin itself, which reads Experiments everywhere. */
  readonly own: Pick<ActivityCluster, 'readObject'>;
  readonly metrics: MetricsSettings;
  /** For how long answers of metrics that refuse an experiment are asked for again. */
  readonly patienceMs?: number;
  /** What the calendars of the experiment say. */
  readonly askCalendars: (input: CalendarInput) => Promise<CalendarReport>;
  /** Where user-defined metrics are read from. */
  readonly backEnds: MetricBackEnds;
  readonly allowedCommands: readonly string[];
  /** Without it nobody's name is verified. */
  readonly verificationKeysFile?: string | undefined;
}

export interface PreflightInput {
  readonly experiment: Experiment;
  readonly holder: LeaseHolder;
}

/**
 * Checks everything that must hold before the first write, and lists all that does not. What it writes is on our own
 * Lease: the verified baseline, which `serin restore` puts back, and the last write that it found; and on the baseline
 * that it is not to be collected.
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
      ...approvalProblems(experiment, dependencies),
      ...refusals,
      ...helm.problems,
      ...applies.problems,
    ];
    if (problems.length > 0) throw refused(experiment, problems);
    const answers = await settledAnswers(() => checkAnswers(experiment, dependencies), {
      patienceMs: dependencies.patienceMs ?? defaultPatienceMs,
      now: Date.now,
      wait: waitUntilCancelled,
    });
    if (answers.problems.length > 0) throw refused(experiment, answers.problems);
    if (!isLoadTest(experiment)) await requireTimelySamples(experiment, dependencies.metrics);
    // A deletion cannot restore the traffic before the Lease names the baseline: so the run of a deleted Experiment ends here.
    await requireExperiment(dependencies.own, holder.workflowId);
    const unkept: string[] = [];
    if (movesTraffic(experiment)) {
      await annotateLease(
        dependencies.cluster,
        { target, holder },
        {
          [leaseAnnotations.baseline]: experiment.baseline.revision,
          [leaseAnnotations.previousPlan]: service.metadata.annotations?.[planAnnotation],
        },
      );
      unkept.push(...(await keepRevision(dependencies.cluster, { target, holder }, experiment.baseline.revision)));
    }
    const percents = percentsByRevision(service.status?.traffic ?? []);
    const weights = judgedVersions(experiment).map(({ revision }) => percents.get(revision) ?? 0);
    const outlook = await forecastFromHistory({ experiment, weights }, dependencies.metrics, cancellationSignal());
    const warnings = [
      ...preflightWarnings(experiment),
      ...gitOps(service, experiment),
      ...grpcWarnings(service, experiment),
      ...unkept,
      ...helm.warnings,
      ...applies.warnings,
      ...answers.warnings,
      ...outlook.warnings,
    ];
    const { hasCalendar } = await dependencies.askCalendars(experiment);
    const found = { ...outlook, ...pinned(experiment, helm), hasCalendar };
    return { revisions, weights, tags: trafficTags(service), ...found, warnings };
  });
}

/** A conformance test writes nothing that could be put back. */
function gitOps(service: KnativeService, experiment: Experiment): readonly string[] {
  return movesTraffic(experiment) ? gitOpsWarnings(service) : [];
}

async function waitUntilCancelled(ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: cancellationSignal() });
}

/** Waits for a sample only where the newest one is so old that the next must show whether all of them come late. */
async function requireTimelySamples(experiment: Experiment, metrics: MetricsSettings): Promise<void> {
  const means = { now: Date.now, wait: waitUntilCancelled, signal: cancellationSignal() };
  const problem = await lagProblem(experiment, metrics, means);
  if (problem !== undefined) throw refused(experiment, [problem]);
}

/** The problems of measuring and querying; the experiment's own load is counted without scrapes. */
function metricProblems(experiment: Experiment, metrics: MetricsSettings): readonly string[] {
  const interval = isLoadTest(experiment) ? undefined : intervalProblem(experiment, metrics);
  const queries = queryProblems(experiment.metrics, metricVersions(experiment));
  return interval === undefined ? queries : [interval, ...queries];
}

function pinned({ isPinned }: Experiment, { pins, digests }: HelmFindings): Pick<PreflightReport, 'pins' | 'digests'> {
  return { ...(isPinned ? { digests } : {}), ...(Object.keys(pins).length === 0 ? {} : { pins }) };
}

/** What only the answers of the back ends show. */
async function checkAnswers(
  experiment: Experiment,
  { metrics, backEnds }: Pick<PreflightDependencies, 'metrics' | 'backEnds'>,
): Promise<StoreFindings> {
  const signal = cancellationSignal();
  const { problems, warnings } = isLoadTest(experiment)
    ? { problems: [], warnings: [] }
    : await checkStore(experiment, metrics, signal);
  const context = { backEnds, nowMs: Date.now(), signal };
  const mistakes = await queryMistakes(experiment.metrics, metricVersions(experiment), context);
  return { problems: [...problems, ...mistakes], warnings };
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

/** A gate that nobody can open would end in a roll back. */
function approvalProblems(
  { approvers }: Experiment,
  { verificationKeysFile }: PreflightDependencies,
): readonly string[] {
  if (approvers === undefined || verificationKeysFile !== undefined) return [];
  const remedy = 'SERIN_VERIFICATION_KEYS_FILE names the public keys of the servers that do (docs/approvals.md)';
  return [`its approvers are named, but this worker can verify nobody's name: ${remedy}`];
}

function trafficProblems(service: KnativeService, experiment: Experiment, wasTakenOver: boolean): readonly string[] {
  if (!movesTraffic(experiment)) return notRouted(service, experiment);
  return [...staleVersions(service, experiment), ...(wasTakenOver ? [] : promotedAlready(service, experiment))];
}

/** A conformance test needs requests, be it by a tag only; its own load says by itself where it goes. */
function notRouted({ status }: KnativeService, experiment: Experiment): readonly string[] {
  const { target, baseline } = experiment;
  if (!needsRevisions(experiment)) return [];
  const traffic = status?.traffic ?? [];
  if (traffic.some(({ revisionName }) => revisionName === baseline.revision)) return [];
  const found = formatPercents(percentsByRevision(traffic));
  return [
    `revision ${baseline.revision} is not in the traffic of ${formatObjectName(target)}, which is ${found}: no request can reach it; give it a share or a tag`,
  ];
}

/** Whether the traffic goes to whatever revision is the latest: so does traffic that nobody has set. */
function followsLatest({ spec: { traffic = [] } }: KnativeService): boolean {
  return traffic.every(({ latestRevision, percent = 0 }) => latestRevision === true || percent === 0);
}

/** How to keep the traffic on the baseline while a candidate is deployed. */
function pinFirst({ namespace, name }: ObjectName, baseline: string): string {
  const patch = JSON.stringify({ spec: { traffic: [{ revisionName: baseline, percent: 100 }] } });
  const command = `kubectl patch ksvc ${name} --namespace ${namespace} --type merge --patch '${patch}'`;
  return `\`${command}\` gives it back, and keeps it there if it is done before the next candidate is deployed`;
}

/** The versions must have all the traffic: else the baseline is not what users see, and roll back would be wrong. */
function staleVersions(service: KnativeService, experiment: Experiment): readonly string[] {
  const { target, baseline } = experiment;
  const percents = percentsByRevision(service.status?.traffic ?? []);
  const versions = [...new Set(allVersions(experiment).map(({ revision }) => revision))];
  const others = [...percents].filter(([revision]) => !versions.includes(revision));
  const ofVersions = versions.reduce((sum, revision) => sum + (percents.get(revision) ?? 0), 0);
  if (others.length === 0 && ofVersions === 100) return [];
  const found = formatPercents(percents);
  const expected = `${versions.join(' and ')} must have 100 % together`;
  const rename = 'name the revision that serves now as the baseline';
  const why = `spec.traffic follows the latest revision, which takes everything when it is deployed: ${pinFirst(target, baseline.revision)}; or ${rename}`;
  const remedy = followsLatest(service) ? why : rename;
  return [`stale baseline: the traffic of ${formatObjectName(target)} is ${found}, but ${expected}; ${remedy}`];
}

/**
 * A candidate with all the traffic was promoted by a run that ended in order. A run that was terminated left its Lease,
 * which we took over: then the split is its last step, and the new run heals it.
 */
function promotedAlready(service: KnativeService, { target, baseline, candidates }: Experiment): readonly string[] {
  const percents = percentsByRevision(service.status?.traffic ?? []);
  const candidate = candidates.find(({ revision }) => percents.get(revision) === 100);
  if (candidate === undefined) return [];
  const found = `candidate ${candidate.revision} has 100 % of the traffic of ${formatObjectName(target)} already`;
  if (followsLatest(service)) {
    const either = `if it was promoted, it is the baseline of the next experiment; if it took everything when it was deployed, ${pinFirst(target, baseline.revision)}`;
    return [`stale baseline: ${found}, and spec.traffic follows the latest revision: ${either}`];
  }
  return [`stale baseline: ${found}; it was promoted, so it is the baseline of the next experiment`];
}

function refused({ target }: Experiment, problems: readonly string[]): Error {
  const message = `preflight of ${formatObjectName(target)} found ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`;
  const listed = listFirst(problems.map(redactText));
  return failure('PreflightRefused', {
    message: `${message}:\n- ${listed.join('\n- ')}`,
    details: [{ problems: listed }],
  });
}
