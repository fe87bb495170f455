import type { Approvers } from '../../../core/experiment/approvers.ts';
import { sequentialAnalysis, thresholdAnalysis } from '../../../core/experiment/analysis.ts';
import type { Analysis } from '../../../core/experiment/analysis.ts';
import { defaultSettings, experimentDefaults } from '../../../core/experiment/experiment.ts';
import type { Experiment, Objective, Settings, Version } from '../../../core/experiment/experiment.ts';
import type { Task } from '../../../core/experiment/task-kinds.ts';
import { defaultExtensionMs } from '../../../core/experiment/analysis-rules.ts';
import { defined } from '../../../core/text/defined.ts';
import { unknownVersions } from '../iter8/normalize.ts';
import { promotionTask } from './promotion.ts';
import type { NativeManifest, NativeSpec } from './schema.ts';

/** The experiment of a manifest, with every default filled in. */
export function normalizeNative({ apiVersion, metadata, spec }: NativeManifest): Experiment {
  const namespace = metadata.namespace ?? spec.target.namespace ?? 'default';
  const { pattern: testingPattern = 'Canary', traffic = {} } = spec;
  const deploymentPattern = traffic.deployment ?? experimentDefaults.deploymentPattern;
  const duration = normalizeDuration(spec);
  return {
    ...normalizeSettings(spec),
    apiVersion,
    name: metadata.name,
    namespace,
    target: { namespace, ...spec.target },
    testingPattern,
    deploymentPattern,
    ...normalizeVersions(spec),
    objectives: (spec.objectives ?? []).map((given) => normalizeObjective(given, deploymentPattern === 'BlueGreen')),
    indicators: [...new Set(spec.indicators ?? [])],
    ...normalizeReward(spec),
    weights: {
      maxCandidateWeight: traffic.maximum ?? experimentDefaults.maxCandidateWeight,
      maxCandidateWeightIncrement: traffic.increment ?? experimentDefaults.maxCandidateWeightIncrement,
    },
    ...duration,
    ...normalizeTasks(spec, namespace),
    ...defined({ calendar: spec.calendar, bakeMs: spec.bakeTime }),
    analysis: normalizeAnalysis(spec, duration),
  };
}

function normalizeVersions({
  versions,
  pattern = 'Canary',
}: NativeSpec): Pick<Experiment, 'baseline' | 'candidates' | 'discovers'> {
  if (versions === undefined) return unknownVersions(pattern);
  const { baseline, candidates = [] } = versions;
  const isOnly = candidates.length === 1;
  return {
    baseline: normalizeVersion(baseline, 'baseline'),
    candidates: candidates.map((given, index) =>
      normalizeVersion(given, isOnly ? 'candidate' : `candidate-${index + 1}`),
    ),
    discovers: false,
  };
}

/** Without a name a version is called by its role; the revision is a variable too, as in iter8. */
function normalizeVersion(
  { name, revision, variables = {} }: NonNullable<NativeSpec['versions']>['baseline'],
  role: string,
): Version {
  return { name: name ?? role, revision, variables: { revision, ...variables } };
}

function normalizeObjective(
  { metric, max, min, maxRatioToBaseline, rollback }: NonNullable<NativeSpec['objectives']>[number],
  rollsBack: boolean,
): Objective {
  return {
    metric,
    ...defined({ upperLimit: max?.value, lowerLimit: min?.value, maxRatioToBaseline }),
    rollbackOnFailure: rollback ?? rollsBack,
  };
}

function normalizeReward({ reward }: NativeSpec): Pick<Experiment, 'reward'> {
  if (reward === undefined) return {};
  return { reward: { metric: reward.metric, preferredDirection: reward.prefer === 'high' ? 'High' : 'Low' } };
}

type Duration = Pick<Experiment, 'intervalMs' | 'iterations' | 'iterationsPerLoop'>;

/** All iterations are one loop, unless the manifest says otherwise. */
function normalizeDuration({ interval, iterationsPerLoop, ...spec }: NativeSpec): Duration {
  const iterations = spec.iterations ?? experimentDefaults.iterationsPerLoop;
  return {
    intervalMs: interval ?? experimentDefaults.intervalSeconds * 1000,
    iterations,
    iterationsPerLoop: iterationsPerLoop ?? iterations,
  };
}

function normalizeAnalysis({ analysis: given = {}, traffic = {} }: NativeSpec, duration: Duration): Analysis {
  const defaults = given.method === 'threshold' ? thresholdAnalysis : sequentialAnalysis;
  const {
    falsePass,
    falseFail,
    latencyTolerance,
    warmUp,
    guard,
    undecided,
    longestExtension,
    dispersion,
    commonOutage,
  } = given;
  return {
    longestExtensionMs: defaultExtensionMs(duration),
    ...defaults,
    ...defined({ falsePass, falseFail, latencyTolerance, undecided, dispersion, commonOutage }),
    ...defined({ warmUpMs: warmUp, longestExtensionMs: longestExtension, guardMs: guard }),
    ...defined({ steps: traffic.steps, riskBudget: traffic.riskBudget, onSuspect: traffic.onSuspect }),
  };
}

function normalizeSettings({ analysis = {}, approval, limits = {}, ...spec }: NativeSpec): Settings {
  const { tolerance, minSamples, errors } = analysis;
  return {
    ...defaultSettings,
    ...defined({
      tolerance,
      minSamples,
      errorClass: errors,
      finishOnAbort: spec.finishOnAbort,
      whenHeld: spec.whenHeld,
    }),
    ...defined({
      onApprovalLimit: approval?.onLimit,
      remindEveryMs: approval?.remindEvery,
      approvers: approval?.approvers && normalizeApprovers(approval.approvers),
    }),
    ...defined({ approvalLimitMs: approval?.limit, blindLimitMs: limits.blind, onBlind: limits.onBlind }),
    ...defined({
      readinessLimitMs: limits.readiness,
      candidateGraceMs: limits.candidateGrace,
      taskLimitMs: limits.task,
    }),
    approval: approval?.required ? 'required' : defaultSettings.approval,
  };
}

function normalizeApprovers({
  users = [],
  groups = [],
  count = 1,
}: NonNullable<NonNullable<NativeSpec['approval']>['approvers']>): Approvers {
  return { users, groups, count };
}

function normalizeTasks(
  { actions = {}, promotion, finishOnRollBack = defaultSettings.finishOnRollBack, notifications }: NativeSpec,
  namespace: string,
): Pick<Experiment, 'start' | 'loop' | 'finish' | 'finishOnRollBack' | 'notifications' | 'isPinned'> {
  const made = (tasks: NonNullable<typeof actions.start> = []): readonly Task[] =>
    tasks.map(({ make }) => make(namespace));
  const promotes = promotion === undefined ? [] : [promotionTask(promotion.helm)];
  return {
    start: made(actions.start),
    loop: made(actions.loop),
    finish: [...promotes, ...made(actions.finish)],
    finishOnRollBack,
    notifications: made(notifications),
    isPinned: promotion !== undefined,
  };
}
