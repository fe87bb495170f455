import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import type { Report } from '../core/report/report.ts';

/** Who asks, and why; both optional, both shown to everyone who looks at the experiment. */
export interface RequestInput {
  readonly by?: string;
  readonly reason?: string;
}

/** What an accepted update answers. */
export interface RequestAccepted {
  readonly stage: string;
  readonly message: string;
}

/** Fire and forget, durable even while no worker runs: `temporal workflow signal --name abort`. */
export const abortSignal = defineSignal<[RequestInput?]>('abort');
export const approveSignal = defineSignal<[RequestInput?]>('approve');
export const rejectSignal = defineSignal<[RequestInput?]>('reject');
export const pauseSignal = defineSignal<[RequestInput?]>('pause');
export const resumeSignal = defineSignal<[RequestInput?]>('resume');

/** The same, answered: refused with a reason when the request makes no sense now. By hand the input may be left out. */
export const abortUpdate = defineUpdate<RequestAccepted, [RequestInput]>('abort');
export const approveUpdate = defineUpdate<RequestAccepted, [RequestInput]>('approve');
export const rejectUpdate = defineUpdate<RequestAccepted, [RequestInput]>('reject');
export const pauseUpdate = defineUpdate<RequestAccepted, [RequestInput]>('pause');
export const resumeUpdate = defineUpdate<RequestAccepted, [RequestInput]>('resume');

/** JSON for programs, text for people. */
export const statusQuery = defineQuery<Report>('status');
export const describeQuery = defineQuery<string>('describe');

/** Search attributes, used as far as the Temporal namespace has them. */
export const targetAttribute = defineSearchAttributeKey('SerinTarget', SearchAttributeType.KEYWORD);
export const stageAttribute = defineSearchAttributeKey('SerinStage', SearchAttributeType.KEYWORD);
export const outcomeAttribute = defineSearchAttributeKey('SerinOutcome', SearchAttributeType.KEYWORD);
export const candidateWeightAttribute = defineSearchAttributeKey('SerinCandidateWeight', SearchAttributeType.INT);
export const searchAttributes = [targetAttribute, stageAttribute, outcomeAttribute, candidateWeightAttribute] as const;
