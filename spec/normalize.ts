import { sequentialAnalysis, thresholdAnalysis } from '../core/analysis.ts';
import { defaultSettings, experimentDefaults } from '../core/experiment.ts';
import type { Experiment, Objective, Version } from '../core/experiment.ts';
import type { Task } from '../core/task-kinds.ts';
import type { Iter8Manifest } from './schema.ts';

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
    ...versionsOf(versionInfo),
    ...criteriaOf(spec),
    weights: weightsOf(strategy),
    ...durationOf(spec),
    ...tasksOf(strategy, namespace),
    ...defaultSettings,
    ...settingsOf(metadata.annotations),
  };
}

/** The chosen method brings its own defaults; what the annotations say wins. */
function settingsOf(settings: Iter8Manifest['metadata']['annotations'] = {}): Partial<Experiment> {
  const { analysis, ...others } = settings;
  const defaults = analysis?.method === 'sequential' ? sequentialAnalysis : thresholdAnalysis;
  return { ...others, analysis: { ...defaults, ...analysis } };
}

function versionsOf({ baseline, candidates }: Spec['versionInfo']): Pick<Experiment, 'baseline' | 'candidate'> {
  // The schema allows exactly one candidate.
  const [candidate = baseline] = candidates;
  return { baseline: versionOf(baseline), candidate: versionOf(candidate) };
}

function tasksOf(
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
export function versionOf({ name, variables = [] }: Spec['versionInfo']['baseline']): Version {
  const values = Object.fromEntries(variables.map((variable) => [variable.name, variable.value]));
  return { name, revision: values['revision'] ?? name, variables: values };
}

function criteriaOf({ criteria }: Spec): Pick<Experiment, 'objectives' | 'indicators'> {
  const requestCount = criteria?.requestCount === undefined ? [] : [criteria.requestCount];
  const indicators = [...new Set([...requestCount, ...(criteria?.indicators ?? [])])];
  return { indicators, objectives: (criteria?.objectives ?? []).map(objectiveOf) };
}

function objectiveOf(given: NonNullable<NonNullable<Spec['criteria']>['objectives']>[number]): Objective {
  const { metric, upperLimit, lowerLimit, rollback_on_failure: rollbackOnFailure = false } = given;
  return {
    metric,
    ...(upperLimit === undefined ? {} : { upperLimit }),
    ...(lowerLimit === undefined ? {} : { lowerLimit }),
    rollbackOnFailure,
  };
}

function weightsOf({ weights }: Spec['strategy']): Experiment['weights'] {
  return {
    maxCandidateWeight: weights?.maxCandidateWeight ?? experimentDefaults.maxCandidateWeight,
    maxCandidateWeightIncrement: weights?.maxCandidateWeightIncrement ?? experimentDefaults.maxCandidateWeightIncrement,
  };
}

function durationOf({ duration }: Spec): Pick<Experiment, 'intervalMs' | 'iterations' | 'iterationsPerLoop'> {
  const { intervalSeconds, maxLoops } = experimentDefaults;
  const iterationsPerLoop = duration?.iterationsPerLoop ?? experimentDefaults.iterationsPerLoop;
  return {
    intervalMs: (duration?.intervalSeconds ?? intervalSeconds) * 1000,
    iterations: iterationsPerLoop * (duration?.maxLoops ?? maxLoops),
    iterationsPerLoop,
  };
}
