import type { Experiment, Objective } from '../../../core/experiment/experiment.ts';
import { isLoadTest } from '../../../core/measurements/load-test.ts';
import { movesTraffic } from '../../../core/experiment/versions.ts';
import { findLimitDoubts } from '../../../core/experiment/metric-range.ts';
import { isFact, metricFacts } from '../../../core/experiment/metric.ts';
import { formatDuration } from '../../../core/text/duration.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** Checks what the chosen analysis requires of the rest of the manifest. */
export function checkAnalysis(experiment: Experiment): ValueIssue[] {
  return [
    ...checkObjectives(experiment),
    ...checkRatios(experiment),
    ...checkRiskBudget(experiment),
    ...checkSteps(experiment),
    ...checkCommonOutage(experiment),
    ...checkGuard(experiment),
  ];
}

function annotation(name: string): ValueIssue['path'] {
  return ['metadata', 'annotations', `serin.dev/${name}`];
}

function checkObjectives(experiment: Experiment): ValueIssue[] {
  if (experiment.analysis.method !== 'sequential') return [];
  return experiment.objectives.flatMap((objective, index) => {
    const path = ['spec', 'criteria', 'objectives', index];
    return objectiveProblems(objective, experiment).map(({ field, expected, got }) => ({
      path: [...path, field],
      atKey: false,
      expected,
      got,
    }));
  });
}

interface Problem {
  readonly field: 'upperLimit' | 'lowerLimit' | 'maxRatioToBaseline';
  readonly expected: string;
  readonly got: string;
}

/**
 * Problems of an objective's limits: counts are facts and compared as they are; everything else is tested, against an upper
 * limit.
 */
function objectiveProblems(objective: Objective, { metrics }: Experiment): Problem[] {
  const { metric, upperLimit, lowerLimit, maxRatioToBaseline } = objective;
  const shown = (field: Problem['field'], limit: number): string => {
    const doubt = findLimitDoubts(objective, metrics).find((one) => one.field === field);
    return doubt === undefined ? String(limit) : `${limit}, ${doubt.why}`;
  };
  const facts = metricFacts(metric, metrics);
  if (isFact(facts)) return [];
  if (maxRatioToBaseline !== undefined) return ratioProblems(objective);
  if (facts.kind.kind === 'gauge') return gaugeProblems(upperLimit, lowerLimit);
  const tested = 'under the sequential analysis, which tests upper limits';
  const problems: Problem[] = [];
  if (lowerLimit !== undefined) {
    problems.push({ field: 'lowerLimit', expected: `none ${tested}`, got: shown('lowerLimit', lowerLimit) });
  }
  if (upperLimit !== undefined && upperLimit <= 0) {
    problems.push({ field: 'upperLimit', expected: `a limit above 0 ${tested}`, got: shown('upperLimit', upperLimit) });
  }
  if (metric === 'error-rate' && upperLimit !== undefined && upperLimit >= 1) {
    const expected = `an error rate below 1 ${tested}`;
    problems.push({ field: 'upperLimit', expected, got: shown('upperLimit', upperLimit) });
  }
  return problems;
}

const oneLimit = 'one limit under the sequential analysis; make two objectives of them';

/** A ratio to the baseline is tested by itself: a limit beside it would go unnoticed. */
function ratioProblems({ maxRatioToBaseline, upperLimit, lowerLimit }: Objective): Problem[] {
  const beside = upperLimit ?? lowerLimit;
  if (beside === undefined) return [];
  return [{ field: 'maxRatioToBaseline', expected: oneLimit, got: `${maxRatioToBaseline} beside ${beside}` }];
}

/** A user-defined metric is tested against one limit. */
function gaugeProblems(upperLimit: number | undefined, lowerLimit: number | undefined): Problem[] {
  if (upperLimit === undefined || lowerLimit === undefined) return [];
  return [{ field: 'lowerLimit', expected: oneLimit, got: `${lowerLimit} beside ${upperLimit}` }];
}

/** The version of a conformance test is the baseline itself. */
function checkRatios({ testingPattern, objectives, apiVersion }: Experiment): ValueIssue[] {
  if (testingPattern !== 'Conformance') return [];
  const index = objectives.findIndex(({ maxRatioToBaseline }) => maxRatioToBaseline !== undefined);
  if (index === -1) return [];
  const own = ['spec', 'criteria', 'objectives', index, 'maxRatioToBaseline'];
  const path = apiVersion.startsWith('iter8.tools/') ? annotation('max-ratio-to-baseline') : own;
  return [{ path, atKey: false, expected: 'no ratio to the baseline in a Conformance experiment', got: 'one' }];
}

function checkRiskBudget(experiment: Experiment): ValueIssue[] {
  const { riskBudget } = experiment.analysis;
  const hasLimit = experiment.objectives.some((one) => one.metric === 'error-rate' && one.upperLimit !== undefined);
  if (riskBudget === undefined || hasLimit) return [];
  const expected = 'an objective with an upperLimit on error-rate, beyond which the budget counts';
  return [{ path: annotation('risk-budget'), atKey: false, expected, got: 'none' }];
}

function checkSteps(experiment: Experiment): ValueIssue[] {
  if (experiment.analysis.steps === undefined || experiment.deploymentPattern !== 'FixedSplit') return [];
  const expected = 'the deployment pattern Progressive, since FixedSplit never shifts';
  return [{ path: annotation('steps'), atKey: false, expected, got: 'FixedSplit' }];
}

/** The test of candidate against baseline is a part of the sequential analysis. */
function checkCommonOutage({ analysis: { method, commonOutage } }: Experiment): ValueIssue[] {
  if (method !== 'sequential' || commonOutage !== 'blame') return [];
  const expected = 'hold under the sequential analysis, which compares the candidate with the baseline';
  return [{ path: annotation('common-outage'), atKey: false, expected, got: 'blame' }];
}

/**
 * Evidence may be looked at as often as one likes; point values that are compared again and again are beyond a limit at some time. What is
 * watched are requests to candidates that have traffic.
 */
function checkGuard(experiment: Experiment): ValueIssue[] {
  const { analysis, intervalMs } = experiment;
  const { method, guardMs } = analysis;
  const issue = (expected: string, got: string): ValueIssue[] => [
    { path: annotation('guard'), atKey: false, expected, got },
  ];
  if (guardMs === undefined) return [];
  if (method !== 'sequential') return issue('a guard under the sequential analysis only', method);
  if (!movesTraffic(experiment)) return issue('no guard in a Conformance experiment, which moves no traffic', 'one');
  if (isLoadTest(experiment)) return issue('no guard where load tasks count the requests', 'one');
  if (guardMs < intervalMs) return [];
  return issue(`less than the interval of ${formatDuration(intervalMs)}`, formatDuration(guardMs));
}
