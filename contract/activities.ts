import type { CalendarActivities } from './calendar.ts';
import type { Experiment, HeldPolicy, ObjectName } from '../core/experiment/experiment.ts';
import type { SourceDigests } from '../core/text/source-digests.ts';
import type { LeaseHolder } from '../core/traffic/lease.ts';
import type {
  Acquisition,
  PatchTrafficInput,
  PatchTrafficResult,
  Revisions,
  Verification,
  VerifyInput,
} from './traffic.ts';
import type {
  ComputeWeightsInput,
  ComputeWeightsResult,
  GuardInput,
  GuardResult,
  Observation,
  QueryMetricsInput,
} from './observation.ts';
import type { InNamespace } from './in-namespace.ts';
import type { TaskActivities } from './tasks.ts';
import type { NoticeActivities } from './notices.ts';
import type { ActVerification, VerifyActInput } from './proof.ts';
import type { DiscoveredVersions, ManifestReading, PreflightReport, ReadManifestInput } from './preparation.ts';

/** The effects that the experiment workflow needs. Failures have the types of `core/failures.ts`. */
export interface ExperimentActivities extends TaskActivities, NoticeActivities, CalendarActivities {
  /**
   * Parses the manifest and reads which search attributes exist; fails with `InvalidManifest`, listing all issues, or
   * with a failure whose detail is a `ReadButRefused`: `InvalidStart` for the limits of the workflow.
   */
  readonly readManifest: (input: ReadManifestInput) => Promise<ManifestReading>;
  /**
   * Tries once to acquire the target's Lease. Returns `held` only for a holder other than `seen`; else fails with the retryable
   * `TargetHeld`, having asked a holder to end that is to be replaced, or with `TargetTaken` where the experiment does not wait.
   */
  readonly acquireTarget: (
    input: InNamespace & {
      readonly target: ObjectName;
      readonly holder: LeaseHolder;
      readonly seen?: string;
      /** Absent: `queue`. */
      readonly whenHeld?: HeldPolicy;
    },
  ) => Promise<Acquisition>;
  /** Gives up the Lease if this experiment holds it; `verified` is whether the target was found as the manifest says. */
  readonly releaseTarget: (
    input: InNamespace & {
      readonly target: ObjectName;
      readonly holder: LeaseHolder;
      readonly verified: boolean;
    },
  ) => Promise<void>;
  /** Checks the proof of who makes a request; whatever is wrong with it is an answer, not a failure. */
  readonly verifyAct: (input: VerifyActInput) => Promise<ActVerification>;
  /** Finds the versions of an experiment that names none; retries as `NotReady` until the proxy's limit. */
  readonly discoverVersions: (input: { readonly experiment: Experiment }) => Promise<DiscoveredVersions>;
  /** Waits until the target and all revisions are ready; retries as `NotReady` until the proxy's limit. */
  readonly awaitReadiness: (input: { readonly experiment: Experiment }) => Promise<Revisions>;
  /** Checks everything that must hold before the first write; fails with `PreflightRefused`, listing all problems. */
  readonly preflight: (input: {
    readonly experiment: Experiment;
    readonly holder: LeaseHolder;
  }) => Promise<PreflightReport>;
  /** Observes one interval. Back ends that do not answer are data, not failures. */
  readonly queryMetrics: (input: QueryMetricsInput) => Promise<Observation>;
  /**
   * Observes and judges the metrics again and again until the next iteration is due, and returns as soon as a candidate fails. Decides
   * nothing: what follows is an observation as always.
   */
  readonly guardCandidates: (input: GuardInput) => Promise<GuardResult>;
  /** Judges the interval and computes the next weights; pure. */
  readonly computeWeights: (input: ComputeWeightsInput) => Promise<ComputeWeightsResult>;
  /** Writes the target's traffic, guarded by Lease and plan id, then waits for its confirmation. Idempotent for one plan id. */
  readonly patchTraffic: (input: PatchTrafficInput) => Promise<PatchTrafficResult>;
  /** Renders the winner's helm commands again and compares; fails with `PromotionMismatch`. */
  readonly compareRendered: (input: {
    readonly experiment: Experiment;
    /** The winner's name. */
    readonly winner: string;
    readonly revisions: Revisions;
    /** The digest that the rendering must have. */
    readonly digest?: string;
    /** The digests that its downloads must have. */
    readonly pins?: SourceDigests;
  }) => Promise<void>;
  /**
   * Verifies the target after the finish actions: it is ready, the winner has 100 %, and where required it is the
   * latest ready revision.
   */
  readonly verifyTarget: (input: VerifyInput) => Promise<Verification>;
}
