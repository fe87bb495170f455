import { sequentialAnalysis, thresholdAnalysis } from '../../../core/experiment/analysis.ts';
import type { Analysis } from '../../../core/experiment/analysis.ts';
import { defaultSettings, experimentDefaults } from '../../../core/experiment/experiment.ts';
import type { Experiment, Objective, Version } from '../../../core/experiment/experiment.ts';
import type { Task } from '../../../core/experiment/task-kinds.ts';
import { unknownVersions } from '../iter8/unknown-versions.ts';
import { promotionTask } from './promotion.ts';
import type { NativeManifest, NativeSpec } from './schema.ts';

/** The manifest with every default filled in. */
export function normalizeNative({ apiVersion, metadata, spec }: NativeManifest): Experiment {
  const namespace = metadata.namespace ?? 'default';
  const { pattern: testingPattern = 'Canary', traffic = {} } = spec;
  const deploymentPattern = traffic.deployment ?? experimentDefaults.deploymentPattern;
  const analysis = normalizeAnalysis(spec);
  return {
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
    intervalMs: spec.interval ?? experimentDefaults.intervalSeconds * 1000,
    iterations: spec.iterations ?? experimentDefaults.iterationsPerLoop,
    ...(spec.iterationsPerLoop === undefined ? {} : { iterationsPerLoop: spec.iterationsPerLoop }),
    ...normalizeTasks(spec, namespace),
    ...normalizeSettings(spec),
    analysis,
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
    ...(max === undefined ? {} : { upperLimit: max.value }),
    ...(min === undefined ? {} : { lowerLimit: min.value }),
    ...(maxRatioToBaseline === undefined ? {} : { maxRatioToBaseline }),
    rollbackOnFailure: rollback ?? rollsBack,
  };
}

function normalizeReward({ reward }: NativeSpec): Pick<Experiment, 'reward'> {
  if (reward === undefined) return {};
  return { reward: { metric: reward.metric, preferredDirection: reward.prefer === 'high' ? 'High' : 'Low' } };
}

function normalizeAnalysis({ analysis: given = {}, traffic = {} }: NativeSpec): Analysis {
  const defaults = given.method === 'threshold' ? thresholdAnalysis : sequentialAnalysis;
  const { falsePass, falseFail, latencyTolerance, warmUp, undecided, longestExtension, dispersion } = given;
  return {
    ...defaults,
    ...defined({ falsePass, falseFail, latencyTolerance, undecided, dispersion }),
    ...defined({ warmUpMs: warmUp, longestExtensionMs: longestExtension }),
    ...defined({ steps: traffic.steps, riskBudget: traffic.riskBudget, onSuspect: traffic.onSuspect }),
  };
}

function normalizeSettings({ analysis = {}, approval, limits = {}, ...spec }: NativeSpec): typeof defaultSettings {
  const { tolerance, minSamples, errors } = analysis;
  const settings = {
    ...defaultSettings,
    ...defined({ tolerance, minSamples, errorClass: errors, finishOnAbort: spec.finishOnAbort }),
    ...defined({ approvalLimitMs: approval?.limit, blindLimitMs: limits.blind, onBlind: limits.onBlind }),
    ...defined({
      readinessLimitMs: limits.readiness,
      candidateGraceMs: limits.candidateGrace,
      taskLimitMs: limits.task,
    }),
    ...(approval === undefined ? {} : { approval: approval.required ? 'required' : 'none' }),
  };
  // The same keys with values of the same kinds.
  return settings as typeof defaultSettings;
}

function normalizeTasks(
  { actions = {}, promotion, finishOnRollBack, notifications = [] }: NativeSpec,
  namespace: string,
): Pick<Experiment, 'start' | 'loop' | 'finish' | 'finishOnRollBack' | 'notifications' | 'isPinned'> {
  const made = (tasks: NonNullable<typeof actions.start> = []): readonly Task[] =>
    tasks.map(({ make }) => make(namespace));
  const promotes = promotion === undefined ? [] : [promotionTask(promotion.helm)];
  return {
    start: made(actions.start),
    loop: made(actions.loop),
    finish: [...promotes, ...made(actions.finish)],
    ...(finishOnRollBack === false ? { finishOnRollBack } : {}),
    ...(notifications.length === 0 ? {} : { notifications: made(notifications) }),
    ...(promotion === undefined ? {} : { isPinned: true }),
  };
}

/** Only what was given: an absent setting must not hide a default. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // Undefined values are what is left out.
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
