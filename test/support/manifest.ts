import type { SampleTarget } from '../../sandbox/index.ts';
import { readYaml } from '../../formats/document/yaml.ts';

/** What a test changes in the tutorial's manifest; the intervals are short unless it says otherwise. */
export interface ManifestChanges {
  /** Default: none, so that the experiment belongs to the target's namespace. */
  readonly namespace?: string;
  readonly intervalSeconds?: number;
  readonly iterations?: number;
  /** Default `oneStep`: each step more is a confirmation by the cluster, which takes seconds. */
  readonly weights?: { readonly maxCandidateWeight?: number; readonly maxCandidateWeightIncrement?: number };
  readonly deploymentPattern?: 'Progressive' | 'FixedSplit';
  /** On all objectives. */
  readonly rollbackOnFailure?: boolean;
  readonly objectives?: readonly object[];
  /** Without the prefix `serin.dev/`. A verdict needs 10 requests unless `min-samples` says otherwise. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Further arguments of the finish action's helm command. */
  readonly helmArgs?: readonly string[];
  /** Instead of the tutorial's start and finish actions. */
  readonly start?: readonly object[];
  readonly finish?: readonly object[];
  readonly loop?: readonly object[];
  /** Revisions, instead of the target's. */
  readonly baselineRevision?: string;
  readonly candidateRevision?: string;
  /** Values files, by the name that the version's variable `promote` gives them. */
  readonly baselinePromotes?: string;
  readonly candidatePromotes?: string;
}

/** A first step that is also the last, to 40 %. */
export const oneStep = { maxCandidateWeight: 40, maxCandidateWeightIncrement: 40 };

/** The tutorial's own steps: 10 %, 20 %, and so on. */
export const climb = { maxCandidateWeightIncrement: 10 };

interface Manifest {
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  spec: {
    strategy: {
      deploymentPattern?: string;
      weights?: object;
      actions: { start: object[]; loop?: object[]; finish: { with?: { args: string[] } }[] | object[] };
    };
    criteria: { objectives: object[] };
    duration: { intervalSeconds: number; iterationsPerLoop: number };
    versionInfo?: object | null;
    baseline: SeedVersion;
    candidates: [SeedVersion];
  };
}

interface SeedVersion {
  name: string;
  variables: { name: string; value: string }[];
}

/** The tutorial's manifest for the target, with the changes, as the object that `kubectl get -o json` would print. */
export function manifestFor({ experiment, name }: SampleTarget, changes: ManifestChanges = {}): object {
  const reading = readYaml(experiment);
  if (reading.kind === 'invalid') throw new Error(reading.problem);
  // The sample's own file, whose form the spec's tests pin.
  const manifest = reading.value as Manifest;
  manifest.metadata.name = name;
  // Without confirmations between them, few intervals may be over before Prometheus has scraped enough requests for a verdict.
  const { namespace, annotations, intervalSeconds = 1, iterations = 6 } = changes;
  if (namespace !== undefined) manifest.metadata.namespace = namespace;
  manifest.metadata.annotations = prefixed({ 'min-samples': '10', ...annotations });
  manifest.spec.duration = { intervalSeconds, iterationsPerLoop: iterations };
  changeStrategy(manifest, changes);
  changeObjectives(manifest, changes);
  changeVersions(manifest, changes);
  return manifest;
}

function prefixed(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`serin.dev/${key}`, value]));
}

function changeStrategy({ spec: { strategy } }: Manifest, changes: ManifestChanges): void {
  const { weights = oneStep, deploymentPattern, start, loop, finish, helmArgs = [] } = changes;
  strategy.weights = weights;
  if (deploymentPattern !== undefined) strategy.deploymentPattern = deploymentPattern;
  const [helm] = strategy.actions.finish;
  if (helm !== undefined && 'with' in helm) helm.with?.args.push(...helmArgs);
  if (start !== undefined) strategy.actions.start = [...start];
  if (loop !== undefined) strategy.actions.loop = [...loop];
  if (finish !== undefined) strategy.actions.finish = [...finish];
}

function changeObjectives({ spec: { criteria } }: Manifest, { objectives, rollbackOnFailure }: ManifestChanges): void {
  if (objectives !== undefined) criteria.objectives = [...objectives];
  if (rollbackOnFailure === undefined) return;
  criteria.objectives = criteria.objectives.map((objective) => ({
    ...objective,
    rollback_on_failure: rollbackOnFailure,
  }));
}

function changeVersions({ spec }: Manifest, changes: ManifestChanges): void {
  const [candidate] = spec.candidates;
  set(spec.baseline, 'revision', changes.baselineRevision);
  set(spec.baseline, 'promote', changes.baselinePromotes);
  set(candidate, 'revision', changes.candidateRevision);
  set(candidate, 'promote', changes.candidatePromotes);
}

function set({ variables }: SeedVersion, name: string, value: string | undefined): void {
  const variable = variables.find((candidate) => candidate.name === name);
  if (variable !== undefined && value !== undefined) variable.value = value;
}
