import type { Worker } from '@temporalio/worker';
import { whyNoAnswer } from './temporal.ts';
import type { TemporalConnection } from './temporal.ts';

/** The states of a worker process; from `started` on, the SDK's worker knows its own state. */
export type Life =
  | { readonly kind: 'starting' }
  | {
      readonly kind: 'started';
      readonly worker: Pick<Worker, 'getState' | 'shutdown'>;
      readonly temporal: Pick<TemporalConnection, 'connection' | 'address'>;
    };

/**
 * Lets the worker take no new work and finish what is in flight: `Worker.run` then returns. A worker that has failed is
 * stopping already.
 */
export function drain({ worker }: { readonly worker: Pick<Worker, 'getState' | 'shutdown'> }): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}

/** Why the worker takes no work; undefined when it polls and Temporal answers. */
export async function whyNotReady(life: Life): Promise<string | undefined> {
  if (life.kind === 'starting') return 'starting';
  const state = life.worker.getState();
  switch (state) {
    case 'RUNNING':
      return whyNoAnswer(life.temporal);
    case 'INITIALIZED':
      return 'starting';
    case 'STOPPING':
    case 'DRAINING':
    case 'DRAINED':
      return 'draining: no new work is taken, work in flight is finished';
    case 'STOPPED':
    case 'FAILED':
      return state.toLowerCase();
  }
}
