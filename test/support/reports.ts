import type { Assessment, ObjectiveAssessment } from '../../core/verdicts/assessment.ts';
import type { JudgedReport, Report } from '../../core/report/report.ts';

/** 2026-11-23 10:00:00 UTC. */
export const startedAtMs = 1_795_428_000_000;

/** What a test changes in the report, and in its only candidate. */
interface ReportChanges extends Partial<Report>, Pick<Partial<JudgedReport>, 'assessment' | 'suspect'> {}

/** The seed's experiment after four iterations, with the numbers of the seed's text. */
export function aReport({ assessment, suspect, ...changes }: ReportChanges = {}): Report {
  const ofCandidate = {
    ...(assessment === undefined ? {} : { assessment }),
    ...(suspect === undefined ? {} : { suspect }),
  };
  return {
    schemaVersion: 1,
    apiVersion: 'iter8.tools/v2alpha1',
    name: 'canary-progressive',
    namespace: 'default',
    workflowId: 'experiment/default/canary-progressive',
    firstRunId: '0192f1a0-0000-7000-8000-000000000001',
    target: { namespace: 'default', name: 'sample-app' },
    testingPattern: 'Canary',
    deploymentPattern: 'Progressive',
    baseline: { name: 'current', revision: 'sample-app-v1', image: 'gcr.io/knative-samples/knative-route-demo:blue' },
    judged: [aCandidate(ofCandidate)],
    stage: 'Running',
    message: 'IterationUpdate: Completed Iteration 4',
    event: { reason: 'IterationUpdate', message: 'Completed Iteration 4' },
    startedAtMs,
    intervalMs: 12_000,
    completedIterations: 4,
    iterations: 5,
    nextAtMs: startedAtMs + 60_000,
    weights: { baseline: 60, candidates: [40], confirmed: true },
    weightReason: 'climbs by 10 to 40 %',
    winner: 'candidate',
    recommended: 'candidate',
    history: [],
    warnings: [],
    ...changes,
  };
}

function aCandidate(changes: Partial<JudgedReport> = {}): JudgedReport {
  return {
    name: 'candidate',
    revision: 'sample-app-v2',
    image: 'gcr.io/knative-samples/knative-route-demo:green',
    assessment: anAssessment(),
    suspect: false,
    ...changes,
  };
}

/** The seed's three objectives, all passing, and its metrics. */
export function anAssessment(changes: Partial<Assessment> = {}): Assessment {
  return {
    objectives: [
      anObjective('mean-latency', 50, 'mean-latency 1.3 ms <= limit 50.0 ms, 300 requests'),
      anObjective(
        '95th-percentile-tail-latency',
        100,
        '95th-percentile-tail-latency 4.8 ms <= limit 100.0 ms, 300 requests',
      ),
      anObjective('error-rate', 0.01, 'error-rate 0.000 <= limit 0.010, 300 requests'),
    ],
    metrics: [
      { metric: 'request-count', baseline: 609.167, candidate: 75.68 },
      { metric: 'mean-latency', baseline: 1.273, candidate: 1.349 },
      { metric: '95th-percentile-tail-latency', baseline: 4.784, candidate: 4.75 },
      { metric: 'error-rate', baseline: 0, candidate: 0 },
    ],
    samples: { baseline: 609, candidate: 300 },
    ...changes,
  };
}

export function anObjective(
  metric: ObjectiveAssessment['objective']['metric'],
  upperLimit: number,
  reason: string,
  changes: Partial<ObjectiveAssessment> = {},
): ObjectiveAssessment {
  const objective = { metric, upperLimit, rollbackOnFailure: false };
  return { objective, baseline: 'pass', candidate: 'pass', reason, suspect: false, ...changes };
}
