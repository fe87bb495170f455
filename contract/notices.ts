import type { Notice } from '../core/experiment/notice.ts';
import type { AttemptResult, Outbox } from '../core/planner/outbox.ts';
import type { ObjectName } from '../core/text/object-name.ts';
import type { InNamespace } from './in-namespace.ts';

/** The Secret of a namespace with its receivers of notices, and the key in it. */
export const receiversSecret = 'serin-notices';
export const receiversKey = 'receivers.yaml';

/** The experiment that notices tell of. */
export interface NoticeSource extends InNamespace {
  readonly name: string;
  readonly target: ObjectName;
  readonly temporalNamespace: string;
  readonly workflowId: string;
  readonly firstRunId: string;
}

/** Notices, oldest first, and how far the receivers are. */
export interface SendNoticesInput extends NoticeSource {
  readonly notices: readonly Notice[];
  readonly receivers: Outbox['receivers'];
  /** The receivers that are to be left alone, by name. */
  readonly resting: readonly string[];
  /** How long an attempt may take, ms. */
  readonly budgetMs: number;
}

export interface NoticeActivities {
  /** Tries once to deliver the notices to every receiver that wants them; a receiver that fails is an answer, not a failure. */
  readonly sendNotices: (input: SendNoticesInput) => Promise<AttemptResult>;
}

/** What an experiment leaves to the workflow that delivers its last notices. */
export interface RemainingNotices {
  readonly source: NoticeSource;
  readonly outbox: Outbox;
}

/** The workflow `remainingNotices`; its result is what could not be delivered. */
export type RemainingNoticesWorkflow = (remaining: RemainingNotices) => Promise<{ readonly lost: readonly string[] }>;
