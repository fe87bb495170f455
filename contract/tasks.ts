import type { AuthType, LoadAmount, ObjectCheck, Payload } from '../core/experiment/task-kinds.ts';
import type { Counts } from '../core/measurements/measurement.ts';
import type { ReleaseFacts } from '../core/tasks/finished-tasks.ts';
import type { SourceDigests } from '../core/text/source-digests.ts';
import type { TemplatePart } from '../core/tasks/template.ts';
import type { ObjectName } from '../core/text/object-name.ts';
import type { InNamespace } from './in-namespace.ts';
import type { LeaseHolder } from '../core/traffic/lease.ts';

/**
 * The activities that carry out tasks. An activity whose input has a `limitMs`, how long the task may take, gets its
 * timeouts in the workflow from it too.
 */
export interface TaskActivities {
  /** Runs `helm upgrade`, repairing a release that an earlier attempt left pending. */
  readonly runHelm: (input: RunTaskInput) => Promise<RunTaskResult>;
  /** Runs an allowed command. */
  readonly runCommand: (input: RunTaskInput) => Promise<RunTaskResult>;
  /** Runs a script with bash, in a directory of its own (`SCRATCH_DIR`). */
  readonly runScript: (input: RunScriptInput) => Promise<RunTaskResult>;
  /** Checks the objects once; fails with the retryable `NotReady`, naming all that are not as wanted. */
  readonly checkObjects: (input: InNamespace & { readonly objects: readonly ObjectCheck[] }) => Promise<void>;
  /** Sends requests to every target at the same time, and counts what they answered, by the version's name. */
  readonly collectMetrics: (
    input: CollectMetricsInput,
  ) => Promise<{ readonly counts: Readonly<Record<string, Counts>> }>;
  /** Sends one request, at least once; an answer other than 2xx is a failure. */
  readonly notifyHttp: (input: NotifyHttpInput) => Promise<void>;
  /** Posts one message, at least once. */
  readonly notifySlack: (input: NotifySlackInput) => Promise<void>;
}

/** A helm command or another allowed command. */
export interface RunTaskInput extends InNamespace {
  readonly target: ObjectName;
  readonly holder: LeaseHolder;
  readonly command: string;
  /** Rendered: what the Web UI shows is what runs. */
  readonly args: readonly string[];
  /** Of helm: the digests that its downloads must have. */
  readonly pins?: SourceDigests;
  readonly limitMs: number;
}

/** The outcome of a command or script that succeeded. */
export interface RunTaskResult {
  /** The last lines of the output, secrets redacted. */
  readonly output: string;
  /** For helm: the release as it is after the command. */
  readonly release?: ReleaseFacts;
}

/** A bash script; keys of the secret are filled in by the activity. */
export interface RunScriptInput extends InNamespace {
  readonly target: ObjectName;
  readonly holder: LeaseHolder;
  /** Rendered but for the keys of the secret. */
  readonly script: readonly TemplatePart[];
  readonly secret?: ObjectName;
  readonly limitMs: number;
}

/** Where the requests for one version are sent. */
export interface LoadTarget {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestsPerSecond: number;
}

/** Load for some versions, sent over so many connections to each. */
export interface CollectMetricsInput extends InNamespace {
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
  readonly value: readonly TemplatePart[];
}

/** An HTTP request; keys of the secret are filled in by the activity. */
export interface NotifyHttpInput extends InNamespace {
  readonly url: readonly TemplatePart[];
  readonly method: 'GET' | 'POST';
  readonly headers: readonly HeaderParts[];
  readonly body: readonly TemplatePart[];
  readonly auth: AuthType;
  readonly secret?: ObjectName;
  /** Equal in every attempt, so that the receiver can recognize a repetition. */
  readonly idempotencyKey: string;
}

/** A message to a Slack channel. */
export interface NotifySlackInput extends InNamespace {
  readonly channel: string;
  readonly text: string;
  /** The secret with the key `token`. */
  readonly secret: ObjectName;
  readonly idempotencyKey: string;
}
