import { defined } from '../../core/text/defined.ts';
import { formatEvent } from '../../core/experiment/event.ts';
import type { ExperimentEvent } from '../../core/experiment/event.ts';
import { findCondition, withMarks } from './conditions.ts';
import type { StatusCondition, Mark, Marks } from './conditions.ts';
import type { MetricDefinitions, MetricName } from '../../core/experiment/metric.ts';
import { activeFlags } from '../../core/report/flags.ts';
import type { Flag } from '../../core/report/flags.ts';
import { formatTimestamp } from '../../core/text/instant.ts';
import { isFact, metricFacts } from '../../core/experiment/metric.ts';
import type { Report } from '../../core/report/report.ts';
import type { Outcome, Stage } from '../../core/experiment/stage.ts';
import { writtenNames } from '../../core/experiment/written-metrics.ts';
import { versionColumns } from '../../core/report/version-columns.ts';
import type { VersionColumn } from '../../core/report/version-columns.ts';

/** Iterations that the status keeps; a description shows no more, and the object stays small. */
const keptIterations = 10;

/** The `status` of an Experiment in a cluster: iter8's layout, and serin's own part. Times are RFC 3339. */
export interface ExperimentStatus {
  readonly observedGeneration?: number;
  readonly conditions: readonly StatusCondition[];
  readonly initTime: string;
  readonly startTime?: string;
  readonly lastUpdateTime?: string;
  readonly stage: Stage;
  readonly completedIterations: number;
  readonly currentWeightDistribution?: readonly NamedWeight[];
  readonly versionRecommendedForPromotion?: string;
  /** `versionRecommendedForPromotion` under the name that v2alpha1 had for it. */
  readonly recommendedBaseline?: string;
  /** `<reason>: <message>` of the latest event. */
  readonly message: string;
  readonly metrics?: readonly MetricInfo[];
  readonly analysis?: Analysis;
  readonly serin: SerinStatus;
}

export interface SerinStatus {
  /** Absent while no workflow was started. */
  readonly workflowId?: string;
  readonly runId?: string;
  readonly outcome?: Outcome;
  readonly reason?: string;
  /** What is special right now: paused, blind, waiting, … */
  readonly flags?: readonly Flag['name'][];
  /** What `serin describe -f` reads. */
  readonly report?: Report;
}

interface NamedWeight {
  readonly name: string;
  readonly value: number;
}

interface MetricInfo {
  readonly name: string;
  readonly metricObj: object;
}

interface Block<T> {
  readonly provenance: string;
  readonly timestamp: string;
  readonly data: T;
}

/** iter8's analysis, as iter8ctl reads it: it looks metrics up by their names in the manifest. Quantities are text. */
interface Analysis {
  readonly aggregatedMetrics: Block<
    Readonly<Record<string, { readonly data: Readonly<Record<string, VersionValue>> }>>
  >;
  /** One boolean for each objective, in the manifest's order; undecided counts as not satisfied, as it did for iter8. */
  readonly versionAssessments: Block<Readonly<Record<string, readonly boolean[]>>>;
  readonly winnerAssessment: Block<{ readonly winnerFound: boolean; readonly winner?: string }>;
  readonly weights: Block<readonly NamedWeight[]>;
}

interface VersionValue {
  readonly value?: string;
  /** A 32-bit integer: iter8ctl reads nothing of an object, nor of a list, where it is anything else. */
  readonly sampleSize?: number;
}

/** What the report cannot say about its run. */
export interface RunFacts {
  readonly nowMs: number;
  readonly workflowId: string;
  readonly runId: string;
  /** The status that the object has. */
  readonly previous: ExperimentStatus;
  /** The type of the workflow's failure, when it has failed. */
  readonly failureType?: string;
}

/** The status of an Experiment before its first step. */
export function initialStatus(nowMs: number): ExperimentStatus {
  const marks = { Completed: notYet, Failed: notYet, TargetAcquired: notYet, ...startMarks };
  return {
    conditions: withMarks([], marks, nowMs),
    initTime: formatTimestamp(nowMs),
    stage: 'Waiting',
    completedIterations: 0,
    message: formatEvent(initialized),
    serin: {},
  };
}

const initialized: ExperimentEvent = { reason: 'ExperimentInitialized', message: 'Experiment status initialized' };
const notYet: Mark = { status: 'False', ...initialized };
const startMarks = { Ready: notYet, Progressing: { status: 'True', ...initialized } } as const satisfies Marks;

/** Where an Experiment is that has to wait because its namespace has no room for its run. */
export interface QueuePlace {
  /** The runs of the namespace, with those that are about to start. */
  readonly runs: number;
  readonly maxRuns: number;
  /** Its number among those that wait, from 1. */
  readonly number: number;
}

const queued = 'Queued';

/** The status of an Experiment that waits for a run of its namespace to end. */
export function queuedStatus(status: ExperimentStatus, place: QueuePlace, nowMs: number): ExperimentStatus {
  const mark: Mark = { status: 'False', reason: queued, message: queueMessage(place) };
  return {
    ...status,
    conditions: withMarks(status.conditions, { Ready: mark, Progressing: mark }, nowMs),
    message: `${mark.reason}: ${mark.message}`,
  };
}

function queueMessage({ runs, maxRuns, number }: QueuePlace): string {
  const going = runs === 1 ? '1 run is going on' : `${runs} runs are going on`;
  const place = `this Experiment is number ${number} of those that wait, and starts by itself`;
  return `${going} in this namespace, which may have ${maxRuns} at a time; ${place}`;
}

/** Whether the Experiment waits for a run of its namespace to end. */
export function isQueued(status: ExperimentStatus | undefined): boolean {
  return findCondition(status?.conditions ?? [], 'Progressing')?.reason === queued;
}

/** The workflow that was started for an Experiment, from the spec of this generation. */
export interface StartedRun {
  readonly workflowId: string;
  readonly generation?: number;
}

/** The status of an Experiment whose workflow was started and has not reported yet. */
export function startedStatus(status: ExperimentStatus, run: StartedRun, nowMs: number): ExperimentStatus {
  const { workflowId, generation } = run;
  return {
    ...status,
    ...defined({ observedGeneration: generation }),
    conditions: withMarks(status.conditions, startMarks, nowMs),
    message: formatEvent(initialized),
    serin: { ...status.serin, workflowId },
  };
}

/** Translates a run's report into a status: the one place that reads a report for Kubernetes. */
export function statusOfReport(report: Report, facts: RunFacts): ExperimentStatus {
  const { previous, nowMs, workflowId, runId } = facts;
  const { outcome, reason, stage, completedIterations } = report;
  const flags = activeFlags(report).map(({ name }) => name);
  const marks = conditionMarks(report, facts);
  return {
    ...defined({ observedGeneration: previous.observedGeneration }),
    initTime: previous.initTime,
    conditions: withMarks(previous.conditions, marks, nowMs),
    ...(report.startedAtMs === undefined ? {} : { startTime: formatTimestamp(report.startedAtMs) }),
    ...lastUpdate(report),
    stage,
    completedIterations,
    ...versionsPart(report),
    message: statusMessage(report, marks),
    ...analysisPart(report),
    serin: {
      workflowId,
      runId,
      ...defined({ outcome, reason }),
      ...(flags.length === 0 ? {} : { flags }),
      report: { ...report, history: report.history.slice(-keptIterations) },
    },
  };
}

/** Whether the run has written 100 % baseline because of an abort: it may go on tidying up, but nobody has to wait. */
export function isSafeAfterAbort({ abortRequested, timeToSafeMs }: Report): boolean {
  return abortRequested !== undefined && timeToSafeMs !== undefined;
}

/** The status with a trouble as the reason why it is not Ready; everything else stays. */
export function withTrouble(
  status: ExperimentStatus,
  { reason, message }: Pick<Mark, 'reason' | 'message'>,
  nowMs: number,
): ExperimentStatus {
  const marks: Marks = { Ready: { status: 'False', reason, message } };
  return { ...status, conditions: withMarks(status.conditions, marks, nowMs) };
}

/** The status of an Experiment that failed without a final report: refused before its start, or its workflow was stopped. */
export function failedStatus(
  status: ExperimentStatus,
  { reason, message }: Pick<Mark, 'reason' | 'message'>,
  nowMs: number,
): ExperimentStatus {
  const failed: Mark = { status: 'True', reason, message };
  const marks: Marks = {
    Completed: { status: 'True', reason: 'ExperimentCompleted', message: 'Experiment failed' },
    Failed: failed,
    Ready: { ...failed, status: 'False' },
    Progressing: { ...failed, status: 'False' },
  };
  return {
    ...status,
    conditions: withMarks(status.conditions, marks, nowMs),
    stage: 'Completed',
    message: `${reason}: ${message}`,
    serin: { ...status.serin, outcome: 'Failed', reason: message },
  };
}

function conditionMarks(report: Report, facts: RunFacts): Marks {
  const acquired = acquiredMark(report);
  const lifecycle = report.outcome === undefined ? marksWhileOpen(report) : marksAtEnd(report, report.outcome, facts);
  return { ...lifecycle, ...defined({ TargetAcquired: acquired }) };
}

function marksWhileOpen(report: Report): Marks {
  const latest = report.event;
  const [flag] = activeFlags(report);
  const doing = flag === undefined ? latest : { reason: flagReasons[flag.name], message: flag.detail || flag.name };
  return {
    Completed: { status: 'False', ...latest },
    Ready: { status: 'False', ...doing },
    Progressing: { status: 'True', ...doing },
  };
}

const flagReasons: Readonly<Record<Flag['name'], string>> = {
  waiting: 'WaitingForTarget',
  aborting: 'Aborting',
  retrying: 'Retrying',
  paused: 'Paused',
  closed: 'ClosedByCalendar',
  baking: 'Baking',
  'awaiting approval': 'AwaitingApproval',
  approved: 'Approved',
  blind: 'Blind',
  suspect: 'Suspect',
};

function marksAtEnd(report: Report, outcome: Outcome, { failureType }: RunFacts): Marks {
  const message = report.reason ?? outcome;
  const hasFailed = outcome === 'Failed';
  const failure: Mark = { status: 'True', reason: failureReason(failureType), message };
  return {
    Completed: { status: 'True', ...report.event },
    ...(hasFailed ? { Failed: failure } : {}),
    Ready: { status: hasFailed ? 'False' : 'True', reason: hasFailed ? failure.reason : outcome, message },
    Progressing: { status: 'False', reason: outcome, message },
  };
}

/** After the end the Lease is given up, but iter8 left this condition as it was. */
function acquiredMark({ stage, outcome, waitingFor, target }: Report): Mark | undefined {
  if (waitingFor !== undefined) {
    const message = `${waitingFor.workflowId} holds the target: ${waitingFor.why}`;
    return { status: 'False', reason: 'WaitingForTarget', message };
  }
  if (stage === 'Waiting' || outcome !== undefined) return undefined;
  return { status: 'True', reason: 'TargetAcquired', message: `Target ${target.namespace}/${target.name} acquired` };
}

/** iter8's reasons for failures, by serin's types; what iter8 had no word for keeps its own. */
const failureReasons: ReadonlyMap<string, string> = new Map([
  ['InvalidManifest', 'InvalidExperiment'],
  ['InvalidStart', 'InvalidExperiment'],
  ['PreflightRefused', 'InvalidExperiment'],
  ['RevisionGone', 'InvalidExperiment'],
  ['TargetGone', 'InvalidExperiment'],
  ['NotFound', 'InvalidExperiment'],
  ['MetricsUnavailable', 'MetricsUnreadable'],
  ['CommandFailed', 'HandlerFailed'],
  ['CommandLost', 'HandlerFailed'],
  ['CommandNotAllowed', 'LaunchHandlerFailed'],
  ['ChartUnavailable', 'HandlerFailed'],
  ['DiskFull', 'HandlerFailed'],
  ['HelmKilled', 'HandlerFailed'],
  ['ReleaseBusy', 'HandlerFailed'],
  ['PromotionMismatch', 'HandlerFailed'],
  ['Conflict', 'WeightRedistributionFailed'],
  ['NotConfirmed', 'WeightRedistributionFailed'],
  ['KubernetesUnavailable', 'WeightRedistributionFailed'],
  ['Forbidden', 'WeightRedistributionFailed'],
  ['Invalid', 'WeightRedistributionFailed'],
]);

function failureReason(type: string | undefined): string {
  return failureReasons.get(type ?? '') ?? type ?? 'ExperimentFailed';
}

function statusMessage({ message, outcome }: Report, { Failed: failed }: Marks): string {
  return outcome === 'Failed' && failed !== undefined ? `${failed.reason}: ${failed.message}` : message;
}

function lastUpdate({ history, startedAtMs, completedAtMs }: Report): Pick<ExperimentStatus, 'lastUpdateTime'> {
  const atMs = completedAtMs ?? history.at(-1)?.atMs ?? startedAtMs;
  return atMs === undefined ? {} : { lastUpdateTime: formatTimestamp(atMs) };
}

function versionsPart(report: Report): Partial<ExperimentStatus> {
  if (report.recommended === '') return {};
  const isOld = report.apiVersion === 'iter8.tools/v2alpha1';
  return {
    ...(report.startedAtMs === undefined ? {} : { currentWeightDistribution: weightDistribution(report) }),
    versionRecommendedForPromotion: report.recommended,
    ...(isOld ? { recommendedBaseline: report.recommended } : {}),
  };
}

function weightDistribution(report: Report): readonly NamedWeight[] {
  return versionColumns(report).map(({ version, weight }) => ({ name: version.name, value: weight }));
}

function analysisPart(report: Report): Pick<ExperimentStatus, 'metrics' | 'analysis'> {
  const { judged, winner, completedAtMs, history, startedAtMs = 0 } = report;
  const [assessment] = judged.flatMap((version) => version.assessment ?? []);
  if (assessment === undefined) return {};
  const columns = versionColumns(report);
  const timestamp = formatTimestamp(history.at(-1)?.atMs ?? completedAtMs ?? startedAtMs);
  const block = <T>(data: T): Block<T> => ({ provenance: 'serin', timestamp, data });
  const byVersion = <T>(select: (column: VersionColumn) => T): Readonly<Record<string, T>> =>
    Object.fromEntries(columns.map((column) => [column.version.name, select(column)]));
  const metrics = assessment.metrics.flatMap(({ metric }) =>
    writtenNames(metric, report.writtenMetrics).map((name) => ({ name, metric })),
  );
  return {
    metrics: metrics.map(({ name, metric }) => ({ name, metricObj: metricObject(metric, report.metrics) })),
    analysis: {
      aggregatedMetrics: block(
        Object.fromEntries(
          metrics.map(({ name, metric }) => [name, { data: byVersion((column) => valueIn(column, metric)) }]),
        ),
      ),
      versionAssessments: block(byVersion(({ verdicts }) => verdicts.map((verdict) => verdict === 'pass'))),
      winnerAssessment: block(winner === undefined ? { winnerFound: false } : { winnerFound: true, winner }),
      weights: block(weightDistribution(report)),
    },
  };
}

function valueIn({ metricValue, samples }: VersionColumn, metric: MetricName): VersionValue {
  const value = metricValue(metric);
  return value === undefined ? {} : { value: quantity(value), sampleSize: Math.min(Math.floor(samples), largestInt32) };
}

const largestInt32 = 2_147_483_647;

/** Formats a number as a Kubernetes quantity, with at most six decimals. */
function quantity(value: number): string {
  return String(Number(value.toFixed(6)));
}

function metricObject(name: MetricName, definitions?: MetricDefinitions): object {
  const facts = metricFacts(name, definitions);
  const { units } = facts;
  const type = isFact(facts) ? 'Counter' : 'Gauge';
  const spec = { type, provider: 'serin', ...defined({ units }) };
  return { apiVersion: 'iter8.tools/v2alpha2', kind: 'Metric', metadata: { name }, spec };
}
