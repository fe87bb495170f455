import { sequentialAnalysis, thresholdAnalysis } from '../../../core/experiment/analysis.ts';
import { defaultSettings, experimentDefaults } from '../../../core/experiment/experiment.ts';
import type { Experiment, Objective, TestingPattern, Version } from '../../../core/experiment/experiment.ts';
import type { Task } from '../../../core/experiment/task-kinds.ts';
import type { Iter8Manifest } from './schema.ts';
import { unknownVersions } from './unknown-versions.ts';

type Spec = Iter8Manifest['spec'];

/** The manifest with every default filled in. */
export function normalize({ apiVersion, metadata, spec }: Iter8Manifest): Experiment {
  const namespace = metadata.namespace ?? 'default';
  const { strategy, versionInfo } = spec;
  return {
    apiVersion,
    name: metadata.name,
    namespace,
    target: { namespace, ...spec.target },
    testingPattern: strategy.testingPattern,
    deploymentPattern: strategy.deploymentPattern ?? experimentDefaults.deploymentPattern,
    ...normalizeVersions(versionInfo, strategy.testingPattern),
    ...normalizeCriteria(spec),
    ...normalizeReward(spec),
    weights: normalizeWeights(strategy),
    ...normalizeDuration(spec),
    ...normalizeTasks(strategy, namespace),
    ...defaultSettings,
    ...normalizeSettings(metadata.annotations),
  };
}

/** The chosen method brings its own defaults; what the annotations say wins. */
function normalizeSettings(settings: Iter8Manifest['metadata']['annotations'] = {}): Partial<Experiment> {
  const { analysis, ...others } = settings;
  const defaults = analysis?.method === 'sequential' ? sequentialAnalysis : thresholdAnalysis;
  return { ...others, analysis: { ...defaults, ...analysis } };
}

/** Without any, the preflight finds them: until then they have no revisions. */
function normalizeVersions(
  versionInfo: Spec['versionInfo'],
  testingPattern: TestingPattern,
): Pick<Experiment, 'baseline' | 'candidates' | 'discovers'> {
  if (versionInfo !== undefined) {
    const { baseline, candidates = [] } = versionInfo;
    return { baseline: normalizeVersion(baseline), candidates: candidates.map(normalizeVersion) };
  }
  return unknownVersions(testingPattern);
}

function normalizeReward({ criteria }: Spec): Pick<Experiment, 'reward'> {
  const reward = criteria?.reward ?? criteria?.rewards?.[0];
  return reward === undefined ? {} : { reward };
}

function normalizeTasks(
  { actions = {}, handlers = {} }: Spec['strategy'],
  namespace: string,
): Pick<Experiment, 'start' | 'loop' | 'finish' | 'finishOnRollBack'> {
  const of = (name: 'start' | 'loop' | 'finish'): readonly Task[] =>
    handlers[name] === 'none' ? [] : (actions[name] ?? []).map(({ make }) => make(namespace));
  return {
    start: of('start'),
    loop: of('loop'),
    finish: of('finish'),
    ...(handlers.rollback === 'none' ? { finishOnRollBack: false } : {}),
  };
}

/** The revision is the variable that `init-experiment` reads; without it the version's name, as in later samples. */
export function normalizeVersion({ name, variables = [] }: NonNullable<Spec['versionInfo']>['baseline']): Version {
  const values = Object.fromEntries(variables.map((variable) => [variable.name, variable.value]));
  return { name, revision: values['revision'] ?? name, variables: values };
}

function normalizeCriteria({ criteria, strategy }: Spec): Pick<Experiment, 'objectives' | 'indicators'> {
  const requestCount = criteria?.requestCount === undefined ? [] : [criteria.requestCount];
  const indicators = [...new Set([...requestCount, ...(criteria?.indicators ?? [])])];
  const rollsBack = strategy.deploymentPattern === 'BlueGreen';
  return { indicators, objectives: (criteria?.objectives ?? []).map((given) => normalizeObjective(given, rollsBack)) };
}

function normalizeObjective(
  given: NonNullable<NonNullable<Spec['criteria']>['objectives']>[number],
  rollsBack: boolean,
): Objective {
  const { metric, upperLimit, lowerLimit, rollback_on_failure: rollbackOnFailure = rollsBack } = given;
  return {
    metric,
    ...(upperLimit === undefined ? {} : { upperLimit }),
    ...(lowerLimit === undefined ? {} : { lowerLimit }),
    rollbackOnFailure,
  };
}

function normalizeWeights({ weights }: Spec['strategy']): Experiment['weights'] {
  return {
    maxCandidateWeight: weights?.maxCandidateWeight ?? experimentDefaults.maxCandidateWeight,
    maxCandidateWeightIncrement: weights?.maxCandidateWeightIncrement ?? experimentDefaults.maxCandidateWeightIncrement,
  };
}

function normalizeDuration({ duration }: Spec): Pick<Experiment, 'intervalMs' | 'iterations' | 'iterationsPerLoop'> {
  const { intervalSeconds, maxLoops } = experimentDefaults;
  const iterationsPerLoop = duration?.iterationsPerLoop ?? experimentDefaults.iterationsPerLoop;
  return {
    intervalMs: (duration?.intervalSeconds ?? intervalSeconds) * 1000,
    iterations: iterationsPerLoop * (duration?.maxLoops ?? maxLoops),
    iterationsPerLoop,
  };
}
