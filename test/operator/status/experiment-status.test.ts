import { describe, expect, test } from 'vitest';
import { findCondition } from '../../../operator/status/conditions.ts';
import type { ConditionType, Mark } from '../../../operator/status/conditions.ts';
import { describe as describeReport } from '../../../core/report/describe.ts';
import {
  failedStatus,
  initialStatus,
  isSafeAfterAbort,
  statusOfReport,
  withTrouble,
} from '../../../operator/status/experiment-status.ts';
import type { ExperimentStatus } from '../../../operator/status/experiment-status.ts';
import type { Report } from '../../../core/report/report.ts';
import { iter8StatusProblems, readableByIter8 } from '../../support/iter8-status.ts';
import { aReport, anAssessment, anObjective, startedAtMs } from '../../support/reports.ts';

const createdAtMs = startedAtMs - 5_000;
const nowMs = startedAtMs + 50_000;
const initial: ExperimentStatus = readableByIter8({ observedGeneration: 1, ...initialStatus(createdAtMs) });

function statusFor(
  changes: Parameters<typeof aReport>[0] = {},
  facts: { failureType?: string; previous?: ExperimentStatus } = {},
) {
  const status = statusOfReport(aReport(changes), { nowMs, workflowId: 'w', runId: 'r', previous: initial, ...facts });
  return readableByIter8(status);
}

function findMark(status: ExperimentStatus, type: ConditionType): Mark | undefined {
  return findCondition(status.conditions, type);
}

describe('the status of an Experiment', () => {
  test("begins as iter8's did", () => {
    expect(initial).toMatchObject({
      initTime: '2026-11-23T09:59:55Z',
      stage: 'Waiting',
      completedIterations: 0,
      message: 'ExperimentInitialized: Experiment status initialized',
    });
    const states = initial.conditions.map(({ type, status }) => `${type}=${status}`);
    expect(states).toEqual([
      'Completed=False',
      'Failed=False',
      'TargetAcquired=False',
      'Ready=False',
      'Progressing=True',
    ]);
  });

  test("shows a running experiment in iter8's layout", () => {
    const { serin, conditions: _, ...shown } = statusFor();
    const block = { provenance: 'serin', timestamp: '2026-11-23T10:00:00Z' };
    const value = (current: string, candidate: string) => ({
      data: { current: { value: current, sampleSize: 609 }, candidate: { value: candidate, sampleSize: 300 } },
    });
    const weights = [
      { name: 'current', value: 60 },
      { name: 'candidate', value: 40 },
    ];
    expect(shown).toMatchObject({
      observedGeneration: 1,
      initTime: '2026-11-23T09:59:55Z',
      startTime: '2026-11-23T10:00:00Z',
      lastUpdateTime: '2026-11-23T10:00:00Z',
      stage: 'Running',
      completedIterations: 4,
      currentWeightDistribution: weights,
      versionRecommendedForPromotion: 'candidate',
      recommendedBaseline: 'candidate',
      message: 'IterationUpdate: Completed Iteration 4',
      analysis: {
        aggregatedMetrics: {
          ...block,
          data: {
            'request-count': value('609.167', '75.68'),
            'mean-latency': value('1.273', '1.349'),
            '95th-percentile-tail-latency': value('4.784', '4.75'),
            'error-rate': value('0', '0'),
          },
        },
        versionAssessments: { ...block, data: { current: [true, true, true], candidate: [true, true, true] } },
        winnerAssessment: { ...block, data: { winnerFound: true, winner: 'candidate' } },
        weights: { ...block, data: weights },
      },
    });
    expect(shown.metrics?.map(({ name }) => name)).toEqual([
      'request-count',
      'mean-latency',
      '95th-percentile-tail-latency',
      'error-rate',
    ]);
    expect(serin).toMatchObject({ workflowId: 'w', runId: 'r' });
  });

  test("has metrics under the manifest's names, by which iter8ctl looks values up", () => {
    const writtenMetrics = {
      'mean-latency': ['iter8-knative/mean-latency'],
      'request-count': ['iter8-knative/request-count', 'request-count'],
    };
    const { metrics = [], analysis } = statusFor({ writtenMetrics });
    const names = [
      'iter8-knative/request-count',
      'request-count',
      'iter8-knative/mean-latency',
      '95th-percentile-tail-latency',
      'error-rate',
    ];
    expect(metrics.map(({ name }) => name)).toEqual(names);
    const values = analysis?.aggregatedMetrics.data ?? {};
    expect(Object.keys(values)).toEqual(names);
    expect(values['iter8-knative/mean-latency']?.data['current']).toEqual({ value: '1.273', sampleSize: 609 });
  });

  test.each([
    ['a sample size as text', { sampleSize: '609' }],
    ['a sample size with decimals', { sampleSize: 609.167 }],
    ['a value as a number', { value: 1.273 }],
    ['a value that is no quantity', { value: 'NaN' }],
  ])('would be told to be of no use to iter8ctl: %s', (_, entry) => {
    const { analysis, ...status } = statusFor();
    const aggregatedMetrics = {
      ...analysis?.aggregatedMetrics,
      data: { 'mean-latency': { data: { current: entry } } },
    };
    const metrics: unknown[] = [];
    expect(iter8StatusProblems({ ...status, metrics, analysis: { ...analysis, aggregatedMetrics } })).toEqual([
      expect.stringContaining('status.analysis.aggregatedMetrics.data.mean-latency.data.current.'),
    ]);
  });

  test('counts samples in 32 bits, as iter8 did', () => {
    const assessment = anAssessment({ samples: { baseline: 3_000_000_000, candidate: 12.5 } });
    const data = statusFor({ assessment }).analysis?.aggregatedMetrics.data['error-rate']?.data;
    expect(data?.['current']?.sampleSize).toBe(2_147_483_647);
    expect(data?.['candidate']?.sampleSize).toBe(12);
  });

  test('names the recommendation as each version of iter8 did', () => {
    expect(statusFor({ apiVersion: 'iter8.tools/v2alpha2' }).recommendedBaseline).toBeUndefined();
  });

  test('counts an objective as satisfied only when it passes', () => {
    const objectives = (['pass', 'fail', 'undecided', 'error'] as const).map((candidate) =>
      anObjective('error-rate', 0.01, '', { candidate }),
    );
    const { analysis } = statusFor({ assessment: anAssessment({ objectives }) });
    expect(analysis?.versionAssessments.data['candidate']).toEqual([true, false, false, false]);
  });

  test('leaves a value out that was not measured', () => {
    const assessment = anAssessment({ metrics: [{ metric: 'mean-latency', baseline: 1 }] });
    const data = statusFor({ assessment }).analysis?.aggregatedMetrics.data;
    expect(data?.['mean-latency']?.data).toEqual({ current: { value: '1', sampleSize: 609 }, candidate: {} });
  });

  test('keeps a report that describes itself with the same words', () => {
    const record = { atMs: startedAtMs, weightsBefore: [10], weightsAfter: [20], reason: 'climbs' };
    const history = Array.from({ length: 50 }, (_, index) => ({ iteration: index + 1, ...record }));
    const report = aReport({ history });
    const kept = statusFor({ history }).serin.report;
    expect(kept?.history).toHaveLength(10);
    expect(kept && describeReport(kept)).toBe(describeReport(report));
  });

  test.each<[string, Partial<Report>, string]>([
    ['paused', { paused: { by: 'alice', atMs: nowMs } }, 'Paused'],
    ['out of sight', { blind: { sinceMs: nowMs, reason: 'Prometheus does not answer' } }, 'Blind'],
    [
      'tried again',
      { retrying: { activity: 'preflight', failedAttempts: 3, reason: 'Prometheus does not answer' } },
      'Retrying',
    ],
    ['at its gate', { awaitingApproval: { sinceMs: nowMs, untilMs: nowMs } }, 'AwaitingApproval'],
    ['nothing special', {}, 'IterationUpdate'],
  ])('says why it is not over: %s', (_, changes, reason) => {
    const status = statusFor(changes);
    expect(findMark(status, 'Progressing')).toMatchObject({ status: 'True', reason });
    expect(findMark(status, 'Ready')).toMatchObject({ status: 'False', reason });
  });

  test('names who holds the target', () => {
    const holder = { temporalAddress: 'a', temporalNamespace: 'n', workflowId: 'other', firstRunId: 'x' };
    const status = statusFor({ stage: 'Waiting', waitingFor: { ...holder, why: 'experiment other is running' } });
    expect(findMark(status, 'TargetAcquired')).toMatchObject({ status: 'False', reason: 'WaitingForTarget' });
    expect(findMark(status, 'TargetAcquired')?.message).toContain('other holds the target');
    expect(findMark(statusFor(), 'TargetAcquired')).toMatchObject({ status: 'True', reason: 'TargetAcquired' });
  });

  test.each(['Promoted', 'RolledBack', 'Aborted'] as const)('is ready once it has ended %s', (outcome) => {
    const status = statusFor({
      stage: 'Completed',
      outcome,
      reason: 'why',
      message: 'ExperimentCompleted: Experiment ended',
      event: { reason: 'ExperimentCompleted', message: 'Experiment ended' },
    });
    expect(findMark(status, 'Completed')).toMatchObject({ status: 'True', reason: 'ExperimentCompleted' });
    expect(findMark(status, 'Failed')).toMatchObject({ status: 'False' });
    expect(findMark(status, 'Ready')).toMatchObject({ status: 'True', reason: outcome, message: 'why' });
    expect(findMark(status, 'Progressing')).toMatchObject({ status: 'False' });
  });

  test.each([
    ['PreflightRefused', 'InvalidExperiment'],
    ['CommandFailed', 'HandlerFailed'],
    ['MetricsUnavailable', 'MetricsUnreadable'],
    ['KubernetesUnavailable', 'WeightRedistributionFailed'],
    ['Drift', 'Drift'],
  ])("gives a failure of type %s iter8's reason %s", (failureType, reason) => {
    const ended = { stage: 'Completed', outcome: 'Failed', reason: 'what happened' } as const;
    const status = statusFor(ended, { failureType });
    expect(findMark(status, 'Failed')).toMatchObject({ status: 'True', reason, message: 'what happened' });
    expect(findMark(status, 'Ready')).toMatchObject({ status: 'False', reason });
    expect(status.message).toBe(`${reason}: what happened`);
  });

  test('keeps the time of a condition until its status changes', () => {
    const first = statusFor();
    const second = statusOfReport(aReport({ stage: 'Completed', outcome: 'Promoted' }), {
      nowMs: nowMs + 60_000,
      workflowId: 'w',
      runId: 'r',
      previous: first,
    });
    const transitionTime = (status: ExperimentStatus, type: ConditionType) =>
      findCondition(status.conditions, type)?.lastTransitionTime;
    expect(transitionTime(second, 'Failed')).toBe('2026-11-23T09:59:55Z');
    expect(transitionTime(second, 'TargetAcquired')).toBe('2026-11-23T10:00:50Z');
    expect(transitionTime(second, 'Completed')).toBe('2026-11-23T10:01:50Z');
  });

  test('keeps what it knew while nobody answers', () => {
    const known = statusFor();
    const troubled = withTrouble(known, { reason: 'NoWorker', message: 'no worker answers' }, nowMs);
    expect({ ...troubled, conditions: [] }).toEqual({ ...known, conditions: [] });
    expect(findMark(troubled, 'Ready')).toMatchObject({ status: 'False', reason: 'NoWorker' });
    expect(findMark(troubled, 'Progressing')?.status).toBe('True');
  });

  test('of a manifest that was refused is completed and failed', () => {
    const status = failedStatus(initial, { reason: 'InvalidExperiment', message: 'spec.target: expected text' }, nowMs);
    expect(status).toMatchObject({
      stage: 'Completed',
      message: 'InvalidExperiment: spec.target: expected text',
      serin: { outcome: 'Failed' },
    });
    expect(findMark(status, 'Completed')?.status).toBe('True');
    expect(findMark(status, 'Failed')).toMatchObject({ status: 'True', reason: 'InvalidExperiment' });
  });

  test('is safe after an abort only once the baseline is written', () => {
    const abortRequested = { atMs: nowMs };
    expect(isSafeAfterAbort(aReport({ abortRequested }))).toBe(false);
    expect(isSafeAfterAbort(aReport({ abortRequested, timeToSafeMs: 80 }))).toBe(true);
    expect(isSafeAfterAbort(aReport({ timeToSafeMs: 80 }))).toBe(false);
  });
});
