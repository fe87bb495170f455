import { isCancellation } from '@temporalio/workflow';
import type { Version } from '../core/experiment/experiment.ts';
import { failureFacts } from './failures.ts';
import { addWarnings } from './run/run.ts';
import type { Run } from './run/run.ts';
import type { Finished } from './tasks/finish-actions.ts';
import { followLatest } from './traffic.ts';

/**
 * Lets the traffic, which is pinned to the winner, follow the latest revision where that is the winner. Where it cannot it stays pinned: the
 * winner serves, and nobody has doubted it.
 *
 * @param verify says whether it is; what it fails with is no more than a warning either.
 */
export async function releaseTraffic(run: Run, winner: Version, verify: () => Promise<Finished>): Promise<void> {
  try {
    const { mayFollowLatest } = await verify();
    if (mayFollowLatest) await followLatest(run, winner);
  } catch (error) {
    if (isCancellation(error)) throw error;
    addWarnings(run, `the traffic stays pinned to ${winner.revision}: ${failureFacts(error).message}`);
  }
}
