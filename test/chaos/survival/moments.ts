import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Random } from '../../../core/offline/random.ts';

/** Waits for a moment of a run; returns early where the run ends before that. */
type Moment = (handle: WorkflowHandle, hasEnded: () => boolean, random: Random) => Promise<void>;

const pollMs = 50;

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
  ...aroundActivity('queryMetrics'),
  ...aroundActivity('computeWeights'),
  ...aroundActivity('compareRendered'),
  ...aroundActivity('runHelm'),
  ...aroundActivity('verifyTarget'),
  ...aroundActivity('releaseTarget'),
};

function aroundActivity(type: string): Readonly<Record<string, Moment>> {
  return {
    [`in ${type}`]: (handle, hasEnded) => untilPending(handle, hasEnded, (types) => types.includes(type)),
    [`after ${type}`]: async (handle, hasEnded) => {
      await untilPending(handle, hasEnded, (types) => types.includes(type));
      await untilPending(handle, hasEnded, (types) => !types.includes(type));
    },
  };
}

/** Short activities may come and go between two questions: then the next one of the kind is meant, or the end. */
async function untilPending(
  handle: WorkflowHandle,
  hasEnded: () => boolean,
  holds: (types: readonly string[]) => boolean,
): Promise<void> {
  while (!hasEnded()) {
    // Another run may have taken Temporal away.
    const described = await handle.describe().catch(() => undefined);
    const pending = described?.raw.pendingActivities?.map(({ activityType }) => activityType?.name ?? '');
    if (pending !== undefined && holds(pending)) return;
    await delay(pollMs);
  }
}
