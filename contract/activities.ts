import type { Experiment, ObjectName, Version } from '../core/experiment/experiment.ts';
import type { JudgeRoundInput, RoundJudgement } from '../core/planner/judge-all.ts';
import type { LeaseHolder } from '../core/traffic/lease.ts';
import type { Counts, RunMeasurement } from '../core/measurements/measurement.ts';
import type { MetricDefinitions } from '../core/experiment/metric.ts';
import type { ReleaseFacts } from '../core/tasks/finished-tasks.ts';
import type { TaggedRevision, TargetObservation } from '../core/traffic/target.ts';
import type { AuthType, LoadAmount, ObjectCheck, Payload } from '../core/experiment/task-kinds.ts';
import type { Part } from '../core/tasks/template.ts';
import type { Share } from '../core/experiment/versions.ts';

/** Names that users type: `temporal workflow start --type experiment --task-queue serin`. */
export const workflowType = 'experiment';
export const defaultTaskQueue = 'serin';

/** The API groups that have a kind Experiment. */
export const experimentGroups = ['iter8.tools', 'serin.dev'] as const;

/** The Experiment in a cluster whose run a workflow is. An object that is created again has another uid. */
export interface ExperimentReference extends ObjectName {
  readonly group: string;
  readonly uid: string;
}

/** The id of the one workflow that an Experiment in a cluster ever has. */
export function workflowIdFor({ group, namespace, name, uid }: ExperimentReference): string {
  return [workflowType, group, namespace, name, uid].join('/');
}

/** Whose run it is; undefined for one that somebody started without an object. */
export function experimentOfWorkflow(workflowId: string): ExperimentReference | undefined {
  const [type, group, namespace, name, uid, ...rest] = workflowId.split('/');
  const isKind = type === workflowType && experimentGroups.some((known) => known === group);
  if (!isKind || !group || !namespace || !name || !uid || rest.length > 0) return undefined;
  return { group, namespace, name, uid };
}

/** The manifest as Temporal hands it over: YAML or JSON bytes, text, or an object that is already parsed. */
export type ManifestInput = Uint8Array | string | object;

/** Who holds a target: one experiment across continue-as-new, on whatever Temporal it runs. */
export type Holder = LeaseHolder;

export interface ManifestReading {
  readonly experiment: Experiment;
  /** Repairs and oddities, each `file:line:column path: …`. */
  readonly warnings: readonly string[];
  /** Those of serin's search attributes that the Temporal namespace has with the right type. */
  readonly searchAttributes: readonly string[];
  /** The Temporal address of this worker, part of the holder's identity. */
  readonly temporalAddress: string;
}

/** The detail of a failure of `readManifest` where the manifest could be read, but must not be run: whose it is. */
export interface ReadButRefused {
  readonly reading: ManifestReading;
}

export type Acquisition =
  { readonly kind: 'acquired' } | { readonly kind: 'held'; readonly by: Holder; readonly why: string };

/** A revision as the cluster has it. */
export interface JudgedRevision {
  readonly revision: string;
  readonly image: string;
}

/** Of all versions, the baseline first. */
export type Revisions = readonly JudgedRevision[];

/** The versions as the target has them. */
export type DiscoveredVersions = Pick<Experiment, 'baseline' | 'candidates'>;

export interface PreflightReport {
  readonly revisions: Revisions;
  /** The candidates' shares of `status.traffic` when the run began, percent. */
  readonly weights: readonly number[];
  /** The tags that the target has, and the revisions that they name: a finish action may drop them. */
  readonly tags: readonly TaggedRevision[];
  /** What the baseline's history tells about bursts, for each objective; null where it does not. */
  readonly correlations?: readonly (number | null)[];
  /** The weights to begin with, and why, at the traffic that there is. */
  readonly firstStep?: { readonly weights: readonly number[]; readonly reason: string };
  /** What the finish actions would deploy, for each version by name: where the manifest pins it. */
  readonly digests?: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** Identifies a traffic write: later sequences win, other runs are refused. */
export interface PlanId {
  readonly firstRunId: string;
  readonly sequence: number;
}

export interface PatchTrafficInput {
  readonly target: ObjectName;
  readonly holder: Holder;
  readonly plan: PlanId;
  /** Of all versions, the baseline first; their sum is 100. */
  readonly shares: readonly Share[];
  /** What the traffic must be before this write; anything else is somebody's edit, and fails as `Drift`. */
  readonly present?: readonly Share[];
  /** How long the cluster may take to report the split; then the activity fails as `NotConfirmed`. */
  readonly confirmationLimitMs: number;
  /** The revision with 100 %, where the latest is to be followed instead of pinning it; only after a verified finish. */
  readonly followLatest?: string;
  /** Tags that the target had; those that are missing are put back, at 0 %. */
  readonly tags: readonly TaggedRevision[];
}

export interface PatchTrafficResult {
  /** When the API server accepted the write, epoch ms. */
  readonly acceptedAtMs: number;
  /** When the cluster reported the split: generation caught up, routes ready, percents equal. */
  readonly confirmedAtMs: number;
}

/** A version as the queries of user-defined metrics know it. */
export type MetricVersion = Pick<Version, 'name' | 'variables'>;

/** User-defined metrics, and what their queries are filled in with. */
export interface DefinedMetrics {
  readonly metrics: MetricDefinitions;
  /** The baseline first. */
  readonly versions: readonly MetricVersion[];
  /** When the time began that the queries ask for: epoch ms. */
  readonly sinceMs: number;
}

export interface QueryMetricsInput {
  readonly target: ObjectName;
  /** Of all versions, the baseline first. */
  readonly revisions: readonly string[];
  /** End of the last measured window: this window begins there. Epoch ms. */
  readonly fromMs: number;
  /** Absent where the built-in metrics suffice. */
  readonly defined?: DefinedMetrics;
  /** What the experiment's own load has counted since the last look, for all versions; then no back end is asked for it. */
  readonly counted?: readonly Counts[];
}

/** Metrics and target in one look, so that both are of the same moment. */
export interface Observation {
  readonly atMs: number;
  readonly measurement: RunMeasurement;
  readonly target: TargetObservation;
}

/** Everything that needs floating point, recorded in history. */
export type ComputeWeightsInput = JudgeRoundInput;
export type ComputeWeightsResult = RoundJudgement;

export interface RunTaskInput {
  readonly target: ObjectName;
  readonly holder: Holder;
  readonly command: string;
  /** Rendered: what the Web UI shows is what runs. */
  readonly args: readonly string[];
  readonly limitMs: number;
}

export interface RunTaskResult {
  /** The last lines of what it printed, secrets redacted. */
  readonly output: string;
  /** For helm: the release as it is after the command. */
  readonly release?: ReleaseFacts;
}

export interface RunScriptInput {
  readonly target: ObjectName;
  readonly holder: Holder;
  /** Rendered but for the keys of the secret. */
  readonly script: readonly Part[];
  readonly secret?: ObjectName;
  readonly limitMs: number;
}

/** Where one version is sent requests. */
export interface LoadTarget {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestsPerSecond: number;
}

export interface CollectMetricsInput {
  readonly targets: readonly LoadTarget[];
  readonly amount: LoadAmount;
  readonly connections: number;
  readonly payload?: Payload;
  readonly contentType?: string;
  readonly limitMs: number;
}

/** A header whose value may have keys of the secret. */
export interface HeaderParts {
  readonly name: string;
  readonly value: readonly Part[];
}

export interface NotifyHttpInput {
  readonly url: readonly Part[];
  readonly method: 'GET' | 'POST';
  readonly headers: readonly HeaderParts[];
  readonly body: readonly Part[];
  readonly auth: AuthType;
  readonly secret?: ObjectName;
  /** The same in every attempt, so that the receiver can tell a repetition. */
  readonly idempotencyKey: string;
}

export interface NotifySlackInput {
  readonly channel: string;
  readonly text: string;
  /** Has the key `token`. */
  readonly secret: ObjectName;
  readonly idempotencyKey: string;
}

export interface VerifyInput {
  readonly target: ObjectName;
  readonly winner: JudgedRevision;
  /** The winner must be the latest ready revision: true after finish actions, which put its template back. */
  readonly requireLatest: boolean;
}

/** What the target serves after the finish actions. */
export interface Verification {
  /** `spec.traffic` is what we pinned, or Knative's default of 100 % to the latest revision. */
  readonly mayFollowLatest: boolean;
}

/** The effects that the experiment workflow needs. Failures have the types of `core/failures.ts`. */
export interface ExperimentActivities {
  /** Parses the manifest and looks up the search attributes; fails with `InvalidManifest`, listing all issues, or with a `ReadButRefused`. */
  readonly readManifest: (input: { readonly manifest: string | object }) => Promise<ManifestReading>;
  /** One try for the target's Lease. Returns `held` only for a holder other than `seen`; else retries as `TargetHeld`. */
  readonly acquireTarget: (input: {
    readonly target: ObjectName;
    readonly holder: Holder;
    readonly seen?: string;
  }) => Promise<Acquisition>;
  /** Gives the Lease up if this experiment holds it; `verified` is whether the target was found as the manifest says. */
  readonly releaseTarget: (input: {
    readonly target: ObjectName;
    readonly holder: Holder;
    readonly verified: boolean;
  }) => Promise<void>;
  /** Finds the versions of an experiment that names none; retries as `NotReady` until the proxy's limit. */
  readonly discoverVersions: (input: { readonly experiment: Experiment }) => Promise<DiscoveredVersions>;
  /** Waits until the target and all revisions are ready; retries as `NotReady` until the proxy's limit. */
  readonly awaitReadiness: (input: { readonly experiment: Experiment }) => Promise<Revisions>;
  /** Everything that must hold before the first write; fails with `PreflightRefused`, listing all problems. */
  readonly preflight: (input: { readonly experiment: Experiment; readonly holder: Holder }) => Promise<PreflightReport>;
  /** Observes one interval. Back ends that do not answer are data, not failures. */
  readonly queryMetrics: (input: QueryMetricsInput) => Promise<Observation>;
  /** Local and pure: assesses and weighs. */
  readonly computeWeights: (input: ComputeWeightsInput) => Promise<ComputeWeightsResult>;
  /** Guarded write of the target's traffic, then waits for its confirmation. Idempotent for one plan id. */
  readonly patchTraffic: (input: PatchTrafficInput) => Promise<PatchTrafficResult>;
  /** Runs `helm upgrade`, repairing a release that an earlier attempt left pending. */
  readonly runHelm: (input: RunTaskInput) => Promise<RunTaskResult>;
  /** Runs an allowed command. */
  readonly runCommand: (input: RunTaskInput) => Promise<RunTaskResult>;
  /** Runs a script with bash, in a directory of its own (`SCRATCH_DIR`). */
  readonly runScript: (input: RunScriptInput) => Promise<RunTaskResult>;
  /** One look at the objects; retries as `NotReady`, naming all that are not as wanted. */
  readonly checkObjects: (input: { readonly objects: readonly ObjectCheck[] }) => Promise<void>;
  /** Sends requests to every target at the same time, and counts what they answered, by the version's name. */
  readonly collectMetrics: (
    input: CollectMetricsInput,
  ) => Promise<{ readonly counts: Readonly<Record<string, Counts>> }>;
  /** Sends one request, at least once; an answer other than 2xx is a failure. */
  readonly notifyHttp: (input: NotifyHttpInput) => Promise<void>;
  /** Posts one message, at least once. */
  readonly notifySlack: (input: NotifySlackInput) => Promise<void>;
  /** Renders the winner's helm commands again and compares; fails with `PromotionMismatch`. */
  readonly compareRendered: (input: {
    readonly experiment: Experiment;
    /** By name. */
    readonly winner: string;
    readonly revisions: Revisions;
    /** What the rendering must be, to the byte. */
    readonly digest?: string;
  }) => Promise<void>;
  /** After the finish actions: ready, the winner has 100 %, and where required it is the latest ready revision. */
  readonly verifyTarget: (input: VerifyInput) => Promise<Verification>;
}
