import type { WinnerFacts } from '../experiment/if-expression.ts';
import { formatObjectName } from '../experiment/experiment.ts';
import type { Experiment, Version } from '../experiment/experiment.ts';
import type { Stage } from '../experiment/stage.ts';
import { templateVariables } from './template.ts';
import type { JsonRecord, Scope } from './template.ts';
import { defined } from '../text/defined.ts';

/** The state of an experiment when a task runs, as the task's templates and condition may use it. */
export interface TaskContext {
  readonly experiment: Described;
  /** All versions, the baseline first. */
  readonly versions: readonly Version[];
  /** The version whose variables the task uses: iter8's version recommended for promotion. */
  readonly version: Version;
  /** The winner's name; absent while there is none. */
  readonly winner?: string;
  readonly stage: Stage;
  readonly completedIterations: number;
  /** Percent of the traffic, by the version's name. */
  readonly weights: Readonly<Record<string, number>>;
}

type Described = Pick<
  Experiment,
  'apiVersion' | 'name' | 'namespace' | 'target' | 'testingPattern' | 'deploymentPattern' | 'intervalMs' | 'iterations'
>;

/** What conditions and templates may ask about the winner. */
export function winnerFacts({ winner, versions: [baseline] }: TaskContext): WinnerFacts {
  return { winnerFound: winner !== undefined, candidateWon: winner !== undefined && winner !== baseline?.name };
}

/** The experiment as a document with iter8's field names, as far as serin knows them. */
export function contextDocument(context: TaskContext): JsonRecord {
  const { experiment, versions, version, winner, stage, completedIterations } = context;
  const [baseline, ...candidates] = versions.map(versionDocument);
  return {
    apiVersion: experiment.apiVersion,
    kind: 'Experiment',
    metadata: { name: experiment.name, namespace: experiment.namespace },
    spec: {
      target: formatObjectName(experiment.target),
      strategy: { testingPattern: experiment.testingPattern, deploymentPattern: experiment.deploymentPattern },
      versionInfo: { ...defined({ baseline }), candidates },
      duration: { intervalSeconds: experiment.intervalMs / 1000, iterations: experiment.iterations },
    },
    status: {
      stage,
      completedIterations,
      versionRecommendedForPromotion: version.name,
      recommendedBaseline: version.name,
      currentWeightDistribution: weightDocuments(context),
      analysis: {
        winnerAssessment: {
          data: { winnerFound: winner !== undefined, ...defined({ winner }) },
        },
      },
    },
  };
}

/** The context with the variables of the version of this name; a version that the experiment does not have gets its name only. */
export function withVersion(context: TaskContext, name: string): TaskContext {
  const version = context.versions.find((known) => known.name === name) ?? { name, revision: name, variables: {} };
  return { ...context, version };
}

/** What a task's templates may use. */
export function templateScope(context: TaskContext, options: Pick<Scope, 'secrets' | 'isScript'>): Scope {
  return {
    variables: templateVariables(context.version),
    document: contextDocument(context),
    facts: winnerFacts(context),
    ...options,
  };
}

/** The versions' weights with iter8's field names, percent. */
export function weightDocuments({ versions, weights }: TaskContext): readonly JsonRecord[] {
  return versions.map(({ name }) => ({ name, value: weights[name] ?? 0 }));
}

function versionDocument({ name, variables }: Version): JsonRecord {
  const listed = Object.entries(variables).map(([key, value]) => ({ name: key, value }));
  return { name, variables: listed };
}
