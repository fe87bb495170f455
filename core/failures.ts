/** How a type of failure is handled: Temporal retries what may pass by itself, everything else ends the activity at once. */
export interface FailureType {
  readonly isRetryable: boolean;
  /** Whether it only says what is awaited: nothing is wrong, and attempts leave no trace in logs and error metrics. */
  readonly isWait?: boolean;
  /** When it happens. */
  readonly when: string;
}

/**
 * The closed list of failures outside of the workflow, in one table. The names are part of the product's interface: they show in
 * the Web UI and in the failure of the workflow, and alerts are written against them.
 */
export const failureTypes = {
  InvalidManifest: { isRetryable: false, when: 'the manifest cannot be accepted; every issue is listed' },
  InvalidStart: {
    isRetryable: false,
    when: 'the workflow was started with an option under which no run can be kept safe, such as a timeout',
  },
  TargetHeld: { isRetryable: true, isWait: true, when: 'another experiment holds the Lease of the target' },
  TargetTaken: {
    isRetryable: false,
    when: 'another experiment holds the target, and this one does not wait for it (serin.dev/when-held)',
  },
  ExperimentGone: { isRetryable: false, when: 'the Experiment of the run was deleted while nobody could tell the run' },
  TargetGone: { isRetryable: false, when: 'the Knative Service does not exist any more' },
  RevisionGone: { isRetryable: false, when: 'a revision that must get traffic does not exist any more' },
  NotReady: { isRetryable: true, isWait: true, when: 'the Knative Service or a revision is not ready yet' },
  PreflightRefused: {
    isRetryable: false,
    when: 'something that must hold before the first write does not; all of it is listed',
  },
  PromotionMismatch: {
    isRetryable: false,
    when: 'the finish actions would deploy something other than the judged revision',
  },
  Fenced: { isRetryable: false, when: 'another run or a later decision owns the target: this one must not write' },
  Drift: { isRetryable: false, when: 'somebody else changed the traffic between two writes; nothing was written' },
  Conflict: { isRetryable: true, when: 'an object changed between reading and writing it' },
  NotConfirmed: { isRetryable: true, when: 'a traffic write was accepted, but the cluster has not reported it yet' },
  KubernetesUnavailable: {
    isRetryable: true,
    when: 'the Kubernetes API cannot be reached, is overloaded or answers 5xx',
  },
  Forbidden: { isRetryable: false, when: 'the worker lacks a right in the cluster' },
  NotFound: { isRetryable: false, when: 'an object that is needed does not exist' },
  Invalid: { isRetryable: false, when: 'the Kubernetes API or a Knative webhook refuses what was written' },
  TemporalUnavailable: { isRetryable: true, when: 'the Temporal service cannot be asked about another experiment' },
  MetricsUnavailable: { isRetryable: true, when: 'Prometheus does not answer before the run begins' },
  MetricUnavailable: {
    isRetryable: false,
    when: 'a metric that the manifest names is not defined, or its definition cannot be used',
  },
  TooCostly: {
    isRetryable: false,
    when: 'what others wrote takes too much time or memory to read: a metric, a chart, an index of charts',
  },
  ChartUnavailable: { isRetryable: true, when: 'a chart or its values cannot be downloaded' },
  DiskFull: { isRetryable: true, when: "the worker's disk for temporary files is full" },
  ReleaseBusy: {
    isRetryable: true,
    isWait: true,
    when: 'another helm operation is, or may still be, at work on the release',
  },
  CommandNotAllowed: { isRetryable: false, when: 'a task asks for a command that the worker does not allow' },
  AddressNotAllowed: { isRetryable: false, when: 'a request goes to an address that the worker does not allow' },
  HttpUnavailable: { isRetryable: true, when: 'an HTTP server cannot be reached, is overloaded or answers 5xx' },
  HttpRefused: { isRetryable: false, when: 'an HTTP server refuses a request' },
  CommandFailed: { isRetryable: false, when: 'a command of a task failed or exceeded a limit' },
  HelmKilled: {
    isRetryable: true,
    when: 'helm was killed by somebody else; it is run again once its release is free',
  },
  CommandLost: { isRetryable: false, when: 'the guard of a command was killed: how far it had come is not known' },
} as const satisfies Readonly<Record<string, FailureType>>;

/** The name of a type of failure, as `ApplicationFailure.type` has it. */
export type FailureTypeName = keyof typeof failureTypes;
