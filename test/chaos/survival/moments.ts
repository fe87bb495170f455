import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { stageAttribute } from '../../../contract/messages.ts';
import type { Random } from '../../../core/offline/random.ts';

/** Waits for a moment of a run; returns early where the run ends before that. */
type Moment = (handle: WorkflowHandle, hasEnded: () => boolean, random: Random) => Promise<void>;

const pollMs = 50;

/** An observation may be over after 30 ms. */
const observationPollMs = 5;

/** It comes where Temporal is told to suggest it early. */
const continuedAsNew = 'after continue-as-new';

/** When something can happen to a run, by name: before and after each kind of activity, in the wait for the next iteration, or at any time. */
export const moments: Readonly<Record<string, Moment>> = {
  'at any time': async (_, hasEnded, random) => {
    const endsAtMs = performance.now() + random() * 30_000;
    while (!hasEnded() && performance.now() < endsAtMs) await delay(pollMs);
  },
  ...aroundActivity('readManifest'),
  ...aroundActivity('acquireTarget'),
  ...aroundActivity('awaitReadiness'),
  ...aroundActivity('preflight'),
  ...aroundActivity('patchTraffic'),
  'in an observation': (handle, hasEnded) =>
    untilPending(handle, hasEnded, ({ isObserving }) => isObserving, observationPollMs),
  ...aroundActivity('compareRendered'),
  ...aroundActivity('runHelm'),
  ...aroundActivity('verifyTarget'),
  ...aroundActivity('releaseTarget'),
  [continuedAsNew]: async (handle, hasEnded) => {
    const runId = async (): Promise<string | undefined> => (await handle.describe().catch(() => undefined))?.runId;
    const first = await runId();
    while (!hasEnded() && [first, undefined].includes(await runId())) await delay(pollMs);
  },
};

/** The moments that come to runs of a few iterations. */
export function possibleMoments({ continuesAsNew }: { readonly continuesAsNew: boolean }): readonly string[] {
  return Object.keys(moments).filter((name) => name !== continuedAsNew || continuesAsNew);
}

function aroundActivity(type: string): Readonly<Record<string, Moment>> {
  return {
    [`in ${type}`]: (handle, hasEnded) => untilPending(handle, hasEnded, ({ types }) => types.includes(type)),
    [`after ${type}`]: async (handle, hasEnded) => {
      await untilPending(handle, hasEnded, ({ types }) => types.includes(type));
      await untilPending(handle, hasEnded, ({ types }) => !types.includes(type));
    },
  };
}

/** What goes on in a run. An observation is part of a workflow task of a run with traffic, and takes most of its time. */
interface Pending {
  readonly types: readonly string[];
  readonly isObserving: boolean;
}

/** Short activities may come and go between two questions: then the next one of the kind is meant, or the end. */
async function untilPending(
  handle: WorkflowHandle,
  hasEnded: () => boolean,
  holds: (pending: Pending) => boolean,
  betweenMs = pollMs,
): Promise<void> {
  while (!hasEnded()) {
    // Another run may have taken Temporal away.
    const described = await handle.describe().catch(() => undefined);
    if (described !== undefined && holds(readPending(described))) return;
    await delay(betweenMs);
  }
}

function readPending({ raw, typedSearchAttributes }: WorkflowExecutionDescription): Pending {
  return {
    types: raw.pendingActivities?.map(({ activityType }) => activityType?.name ?? '') ?? [],
    isObserving:
      Boolean(raw.pendingWorkflowTask?.startedTime) && typedSearchAttributes.get(stageAttribute) === 'Running',
  };
}
