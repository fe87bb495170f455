import type { Worker } from '@temporalio/worker';
import { whyNoAnswer } from './temporal.ts';
import type { Temporal } from './temporal.ts';

/** What a worker process goes through; draining is the worker's own state. */
export type Life =
  | { readonly kind: 'starting' }
  | {
      readonly kind: 'started';
      readonly worker: Pick<Worker, 'getState'>;
      readonly temporal: Pick<Temporal, 'connection' | 'address'>;
    };

/** Undefined when the worker polls and Temporal answers. */
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
