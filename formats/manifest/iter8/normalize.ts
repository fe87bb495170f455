import { sequentialAnalysis, thresholdAnalysis } from '../../../core/experiment/analysis.ts';
import { defaultSettings, experimentDefaults } from '../../../core/experiment/experiment.ts';
import type { Experiment, Objective, Settings, TestingPattern, Version } from '../../../core/experiment/experiment.ts';
import type { Task } from '../../../core/experiment/task-kinds.ts';
import { defaultExtensionMs } from '../../../core/experiment/analysis-rules.ts';
import { defined } from '../../../core/text/defined.ts';
import type { AnnotationSettings } from './annotations.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';
import type { Iter8Manifest } from './schema.ts';

type Spec = Iter8Manifest['spec'];

/** The experiment of a manifest, with every default filled in. */
export function normalize({ apiVersion, metadata, spec }: Iter8Manifest): Experiment {
  const namespace = metadata.namespace ?? spec.target.namespace ?? 'default';
  const { strategy, versionInfo } = spec;
  const duration = normalizeDuration(spec);
  return {
    ...defaultSettings,
    apiVersion,
    name: metadata.name,
    namespace,
    target: { namespace, ...spec.target },
    testingPattern: strategy.testingPattern,
    deploymentPattern: strategy.deploymentPattern ?? experimentDefaults.deploymentPattern,
    ...normalizeVersions(versionInfo, strategy.testingPattern),
    ...normalizeCriteria(spec, metadata.annotations),
    ...normalizeReward(spec),
    weights: normalizeWeights(strategy),
    ...duration,
    ...normalizeTasks(strategy, namespace),
    ...normalizeSettings(metadata.annotations, duration),
  };
}

/** The settings of the annotations over the defaults of the chosen method. */
function normalizeSettings(
  { analysis, relativeObjectives: _, ...others }: AnnotationSettings = {},
  duration: Duration,
): Partial<Settings> & Pick<Experiment, 'analysis'> {
  const defaults = analysis?.method === 'sequential' ? sequentialAnalysis : thresholdAnalysis;
  return { ...others, analysis: { longestExtensionMs: defaultExtensionMs(duration), ...defaults, ...analysis } };
}

/**
 * The versions of the manifest. Those that it does not name are found by the preflight; until then they have no revisions.
 */
function normalizeVersions(
  versionInfo: Spec['versionInfo'],
  testingPattern: TestingPattern,
): Pick<Experiment, 'baseline' | 'candidates' | 'discovers'> {
  if (versionInfo !== undefined) {
    const { baseline, candidates = [] } = versionInfo;
    return { baseline: normalizeVersion(baseline), candidates: candidates.map(normalizeVersion), discovers: false };
  }
  return unknownVersions(testingPattern);
}

function normalizeReward({ criteria }: Spec): Pick<Experiment, 'reward'> {
  return defined({ reward: criteria?.reward ?? criteria?.rewards?.[0] });
}

function normalizeTasks(
  { actions = {}, handlers = {} }: Spec['strategy'],
  namespace: string,
): Pick<Experiment, 'start' | 'loop' | 'finish' | 'finishOnRollBack'> {
  const made = (name: 'start' | 'loop' | 'finish'): readonly Task[] =>
    handlers[name] === 'none' ? [] : (actions[name] ?? []).map(({ make }) => make(namespace));
  return {
    start: made('start'),
    loop: made('loop'),
    finish: made('finish'),
    finishOnRollBack: handlers.rollback !== 'none',
  };
}

/** The revision is the variable that `init-experiment` reads; without it the version's name, as in later samples. */
export function normalizeVersion({ name, variables = [] }: NonNullable<Spec['versionInfo']>['baseline']): Version {
  const values = Object.fromEntries(variables.map((variable) => [variable.name, variable.value]));
  return { name, revision: values['revision'] ?? name, variables: values };
}

function normalizeCriteria(
  { criteria, strategy }: Spec,
  { relativeObjectives = [] }: AnnotationSettings = {},
): Pick<Experiment, 'objectives' | 'indicators'> {
  const requestCount = criteria?.requestCount === undefined ? [] : [criteria.requestCount];
  const indicators = [...new Set([...requestCount, ...(criteria?.indicators ?? [])])];
  const rollsBack = strategy.deploymentPattern === 'BlueGreen';
  const absolute = (criteria?.objectives ?? []).map((given) => normalizeObjective(given, rollsBack));
  const relative = relativeObjectives.map(({ metric, maxRatioToBaseline }): Objective => {
    const beside = absolute.find((one) => one.metric === metric);
    return { metric, maxRatioToBaseline, rollbackOnFailure: beside?.rollbackOnFailure ?? rollsBack };
  });
  return { indicators, objectives: [...absolute, ...relative] };
}

function normalizeObjective(
  given: NonNullable<NonNullable<Spec['criteria']>['objectives']>[number],
  rollsBack: boolean,
): Objective {
  const { metric, upperLimit, lowerLimit, rollback_on_failure: rollbackOnFailure = rollsBack } = given;
  return { metric, ...defined({ upperLimit, lowerLimit }), rollbackOnFailure };
}

function normalizeWeights({ weights }: Spec['strategy']): Experiment['weights'] {
  return {
    maxCandidateWeight: weights?.maxCandidateWeight ?? experimentDefaults.maxCandidateWeight,
    maxCandidateWeightIncrement: weights?.maxCandidateWeightIncrement ?? experimentDefaults.maxCandidateWeightIncrement,
  };
}

type Duration = Pick<Experiment, 'intervalMs' | 'iterations' | 'iterationsPerLoop'>;

function normalizeDuration({ duration }: Spec): Duration {
  const { intervalSeconds, maxLoops } = experimentDefaults;
  const iterationsPerLoop = duration?.iterationsPerLoop ?? experimentDefaults.iterationsPerLoop;
  return {
    intervalMs: (duration?.intervalSeconds ?? intervalSeconds) * 1000,
    iterations: iterationsPerLoop * (duration?.maxLoops ?? maxLoops),
    iterationsPerLoop,
  };
}

/** The versions of a manifest that names none: the preflight finds their revisions. */
export function unknownVersions(pattern: TestingPattern): Pick<Experiment, 'baseline' | 'candidates' | 'discovers'> {
  const unknown = (name: string): Version => ({ name, revision: '', variables: {} });
  const candidates = pattern === 'Conformance' ? [] : [unknown('candidate')];
  return { baseline: unknown('baseline'), candidates, discovers: true };
}

/** Warns of v2alpha1's failure handler, which serin does not run: a failure only brings the traffic to the baseline. */
export function warnOfHandlers({ spec }: Pick<Iter8Manifest, 'spec'>): ValueIssue[] {
  if (spec.strategy.handlers?.failure !== 'actions') return [];
  const path = ['spec', 'strategy', 'handlers', 'failure'];
  const got = '"finish"; a failure runs no actions, it brings the traffic to the baseline';
  return [{ path, atKey: false, expected: 'none', got }];
}
