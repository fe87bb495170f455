import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import type { Report } from '../core/report/report.ts';

/** Who makes a request, and why; all are optional, and shown to everyone who views the experiment. */
export interface RequestInput {
  readonly by?: string;
  readonly reason?: string;
  /** Of a decision: the gate that is meant, by when it was opened (`awaitingApproval.sinceMs` of the report); absent: the one that is open. */
  readonly gateMs?: number;
  /** A server's word for who it is, a JWT: an `ActProof`. */
  readonly proof?: string;
}

/** The result of an accepted update. */
export interface RequestAccepted {
  readonly stage: string;
  readonly message: string;
}

/** Requests as signals: fire and forget, durable even while no worker runs: `temporal workflow signal --name abort`. */
export const abortSignal = defineSignal<[RequestInput?]>('abort');
export const approveSignal = defineSignal<[RequestInput?]>('approve');
export const rejectSignal = defineSignal<[RequestInput?]>('reject');
export const pauseSignal = defineSignal<[RequestInput?]>('pause');
export const resumeSignal = defineSignal<[RequestInput?]>('resume');

/**
 * Requests as updates, which are answered: a request that does not apply in the present state is refused with a
 * reason. From the Temporal CLI the input may be left out.
 */
export const abortUpdate = defineUpdate<RequestAccepted, [RequestInput]>('abort');
export const approveUpdate = defineUpdate<RequestAccepted, [RequestInput]>('approve');
export const rejectUpdate = defineUpdate<RequestAccepted, [RequestInput]>('reject');
export const pauseUpdate = defineUpdate<RequestAccepted, [RequestInput]>('pause');
export const resumeUpdate = defineUpdate<RequestAccepted, [RequestInput]>('resume');

/** Tells an experiment that waits for its target that it is free. It looks by itself too, so that nothing depends on it. */
export const targetFreeSignal = defineSignal('targetFree');

/** The state of an experiment: `status` as JSON for programs, `describe` as text for people. */
export const statusQuery = defineQuery<Report>('status');
export const describeQuery = defineQuery<string>('describe');

/** What a query is answered with while a run has not yet done its next workflow task. */
export const askAgain = 'the run is at its next workflow task: ask again in a moment';

/** Search attributes, used as far as the Temporal namespace has them. */
export const targetAttribute: KeywordKey = defineSearchAttributeKey('SerinTarget', SearchAttributeType.KEYWORD);
export const stageAttribute: KeywordKey = defineSearchAttributeKey('SerinStage', SearchAttributeType.KEYWORD);
export const outcomeAttribute: KeywordKey = defineSearchAttributeKey('SerinOutcome', SearchAttributeType.KEYWORD);
export const candidateWeightAttribute: IntKey = defineSearchAttributeKey(
  'SerinCandidateWeight',
  SearchAttributeType.INT,
);
export const searchAttributes: SearchAttributeKeys = [
  targetAttribute,
  stageAttribute,
  outcomeAttribute,
  candidateWeightAttribute,
];

// Written out: in declarations the compiler would name them by a file of the SDK that it does not export.
type KeywordKey = ReturnType<typeof defineSearchAttributeKey<'KEYWORD'>>;
type IntKey = ReturnType<typeof defineSearchAttributeKey<'INT'>>;
type SearchAttributeKeys = readonly [KeywordKey, KeywordKey, KeywordKey, IntKey];
