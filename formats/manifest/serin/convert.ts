import type { Approvers } from '../../../core/experiment/approvers.ts';
import { sequentialAnalysis, thresholdAnalysis } from '../../../core/experiment/analysis.ts';
import { defaultExtensionMs } from '../../../core/experiment/analysis-rules.ts';
import { defaultSettings, experimentDefaults } from '../../../core/experiment/experiment.ts';
import type { Experiment, Objective, Version } from '../../../core/experiment/experiment.ts';
import { lastAppliedAnnotation } from '../../../core/traffic/target.ts';
import { metricFacts } from '../../../core/experiment/metric.ts';
import { writtenName } from '../../../core/experiment/written-metrics.ts';
import { settingPrefix } from '../iter8/annotations.ts';
import { limitField } from './values.ts';

/** A mapping as YAML has it; fields that are undefined are left out. */
type Plain = Readonly<Record<string, unknown>>;

/** The actions of a manifest as its author wrote them. */
export interface WrittenActions {
  readonly start?: readonly Plain[];
  readonly loop?: readonly Plain[];
  readonly finish?: readonly Plain[];
}

/** What a conversion keeps as the author of the manifest wrote it. */
export interface Written {
  readonly metadata: { readonly namespace?: string; readonly labels?: Plain; readonly annotations?: Plain };
  readonly target: string;
  /** Tasks are the same in both forms; actions that handlers switch off are left out. */
  readonly actions: WrittenActions;
}

/**
 * Builds an experiment's manifest in serin's own form, with what differs from that form's defaults, so that it is read as an
 * equal experiment.
 */
export function buildNativeManifest(experiment: Experiment, { metadata, target, actions }: Written): object {
  const { name, testingPattern, reward, indicators, objectives, writtenMetrics } = experiment;
  const { namespace, labels, annotations } = metadata;
  return {
    apiVersion: 'serin.dev/v1alpha1',
    kind: 'Experiment',
    metadata: compact({ name, namespace, labels: foreign(labels), annotations: foreign(annotations) }),
    spec: compact({
      target,
      pattern: testingPattern,
      versions: nativeVersions(experiment),
      objectives: objectives.length === 0 ? undefined : objectives.map((one) => nativeObjective(one, experiment)),
      indicators: indicators.length === 0 ? undefined : indicators.map((metric) => writtenName(metric, writtenMetrics)),
      reward: reward && {
        metric: writtenName(reward.metric, writtenMetrics),
        prefer: reward.preferredDirection.toLowerCase(),
      },
      traffic: nativeTraffic(experiment),
      analysis: nativeAnalysis(experiment),
      interval: durationText(experiment.intervalMs),
      iterations: experiment.iterations,
      iterationsPerLoop: experiment.iterationsPerLoop,
      approval: nativeApproval(experiment),
      calendar: nativeCalendar(experiment),
      bakeTime: experiment.bakeMs === undefined ? undefined : durationText(experiment.bakeMs),
      limits: nativeLimits(experiment),
      whenHeld: unless<string>(defaultSettings.whenHeld, experiment.whenHeld),
      actions: compact(rewritten(actions)),
      finishOnRollBack: unless(defaultSettings.finishOnRollBack, experiment.finishOnRollBack),
      finishOnAbort: unless(defaultSettings.finishOnAbort, experiment.finishOnAbort),
    }),
  };
}

/** Labels or annotations without serin's settings, which have become fields, and without kubectl's copy of the old form. */
function foreign(values: Plain = {}): Plain | undefined {
  const kept = Object.entries(values).filter(
    ([key]) => !key.startsWith(settingPrefix) && key !== lastAppliedAnnotation,
  );
  return compact(Object.fromEntries(kept));
}

function nativeVersions({ discovers, baseline, candidates }: Experiment): object | undefined {
  if (discovers) return undefined;
  return compact({
    baseline: nativeVersion(baseline),
    candidates: candidates.length === 0 ? undefined : candidates.map(nativeVersion),
  });
}

function nativeVersion({ name, revision, variables }: Version): object | undefined {
  const { revision: _, ...others } = variables;
  return compact({ name, revision, variables: Object.keys(others).length === 0 ? undefined : others });
}

function nativeObjective(
  { metric, upperLimit, lowerLimit, ...objective }: Objective,
  experiment: Experiment,
): object | undefined {
  const rollsBack = experiment.deploymentPattern === 'BlueGreen';
  const shown = (value: number | undefined): string | number | undefined =>
    value === undefined ? undefined : limitWithUnit(metric, value);
  return compact({
    // A bare name may mean another Metric than that of iter8's namespace.
    metric: writtenName(metric, experiment.writtenMetrics),
    max: shown(upperLimit),
    min: shown(lowerLimit),
    maxRatioToBaseline: objective.maxRatioToBaseline,
    rollback: unless(rollsBack, objective.rollbackOnFailure),
  });
}

/** A limit with its unit, where that is read as exactly the same number. */
function limitWithUnit(metric: string, value: number): string | number {
  const { kind } = metricFacts(metric).kind;
  const text = kind === 'error-share' ? `${Number((value * 100).toPrecision(12))}%` : `${value}ms`;
  const hasUnit = kind === 'error-share' || kind.endsWith('latency');
  return hasUnit && limitField.safeParse(text).data?.value === value ? text : value;
}

function nativeTraffic({ deploymentPattern, weights, ...experiment }: Experiment): object | undefined {
  const { steps, riskBudget, onSuspect } = experiment.analysis;
  return compact({
    deployment: unless(experimentDefaults.deploymentPattern, deploymentPattern),
    maximum: percentText(unless(experimentDefaults.maxCandidateWeight, weights.maxCandidateWeight)),
    increment: percentText(unless(experimentDefaults.maxCandidateWeightIncrement, weights.maxCandidateWeightIncrement)),
    steps: steps?.map((step) => `${step}%`),
    riskBudget,
    onSuspect: unless(sequentialAnalysis.onSuspect, onSuspect),
  });
}

/** The analysis without the defaults of its method. */
function nativeAnalysis(experiment: Experiment): object | undefined {
  const { analysis } = experiment;
  const own = sequentialAnalysis;
  const isSequential = analysis.method === own.method;
  const defaults = isSequential ? own : thresholdAnalysis;
  return compact({
    method: unless(own.method, analysis.method),
    falsePass: unless(defaults.falsePass, analysis.falsePass),
    falseFail: unless(defaults.falseFail, analysis.falseFail),
    tolerance: unless(defaultSettings.tolerance, experiment.tolerance),
    latencyTolerance: unless(defaults.latencyTolerance, analysis.latencyTolerance),
    minSamples: unless(defaultSettings.minSamples, experiment.minSamples),
    warmUp: analysis.warmUpMs === 0 ? undefined : durationText(analysis.warmUpMs),
    guard: analysis.guardMs === undefined ? undefined : durationText(analysis.guardMs),
    undecided: unless(defaults.undecided, analysis.undecided),
    longestExtension: longestExtensionText(experiment),
    dispersion: unless(defaults.dispersion, analysis.dispersion),
    commonOutage: unless(defaults.commonOutage, analysis.commonOutage),
    errors: unless<string>(defaultSettings.errorClass, experiment.errorClass),
  });
}

function longestExtensionText(experiment: Experiment): string | undefined {
  const { longestExtensionMs } = experiment.analysis;
  return longestExtensionMs === defaultExtensionMs(experiment) ? undefined : durationText(longestExtensionMs);
}

function nativeApproval(experiment: Experiment): object | undefined {
  const { approval, approvalLimitMs, onApprovalLimit, approvers, remindEveryMs } = experiment;
  const limit = unless<number>(defaultSettings.approvalLimitMs, approvalLimitMs);
  const onLimit = unless<string>(defaultSettings.onApprovalLimit, onApprovalLimit);
  if (approval === 'none' && limit === undefined && onLimit === undefined) return undefined;
  return compact({
    required: approval === 'required',
    limit: limit === undefined ? undefined : durationText(limit),
    remindEvery: remindEveryMs === undefined ? undefined : durationText(remindEveryMs),
    onLimit,
    approvers: approvers && nativeApprovers(approvers),
  });
}

function nativeApprovers({ users, groups, count }: Approvers): object | undefined {
  const listed = (names: readonly string[]): readonly string[] | undefined => (names.length === 0 ? undefined : names);
  return compact({ users: listed(users), groups: listed(groups), count: unless<number>(1, count) });
}

function nativeCalendar({ calendar }: Experiment): object | undefined {
  if (calendar === undefined) return undefined;
  const { open, closed } = calendar;
  return compact({ open: open.length === 0 ? undefined : open, closed: closed.length === 0 ? undefined : closed });
}

function nativeLimits(experiment: Experiment): object | undefined {
  const limit = (key: 'blindLimitMs' | 'readinessLimitMs' | 'candidateGraceMs' | 'taskLimitMs'): string | undefined => {
    const ms = unless<number>(defaultSettings[key], experiment[key]);
    return ms === undefined ? undefined : durationText(ms);
  };
  return compact({
    blind: limit('blindLimitMs'),
    onBlind: unless<string>(defaultSettings.onBlind, experiment.onBlind),
    readiness: limit('readinessLimitMs'),
    candidateGrace: limit('candidateGraceMs'),
    task: limit('taskLimitMs'),
  });
}

/** The actions with current spellings instead of `library` and `condition`; without those that have no tasks. */
function rewritten(actions: WrittenActions): Plain {
  return Object.fromEntries(
    Object.entries(actions)
      .filter(([, tasks]) => tasks.length > 0)
      .map(([name, tasks]) => [name, tasks.map(rewrittenTask)]),
  );
}

function rewrittenTask({ library, task, condition, ...others }: Plain): object | undefined {
  const name = typeof library === 'string' && typeof task === 'string' ? `${library}/${task}` : task;
  return compact({ task: name, if: condition, ...others });
}

function unless<T>(usual: T, value: T): T | undefined {
  return value === usual ? undefined : value;
}

function percentText(percent: number | undefined): string | undefined {
  return percent === undefined ? undefined : `${percent}%`;
}

/** A duration in the largest units that hold it: `1h30m`. */
function durationText(ms: number): string {
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ] as const;
  let rest = ms;
  const parts = units.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.join('');
}

/** The fields without those that are undefined; undefined where none is left. */
function compact(fields: Plain): Plain | undefined {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
