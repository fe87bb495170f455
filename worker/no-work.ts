import type { Worker } from '@temporalio/worker';

/** In the place of a worker, where a process is the operator alone: it takes no work, and runs until it is shut down. */
export function takeNoWork(): Pick<Worker, 'getState' | 'run' | 'shutdown'> {
  const ended = Promise.withResolvers<void>();
  let state: ReturnType<Worker['getState']> = 'INITIALIZED';
  return {
    getState: () => state,
    run: () => {
      state = 'RUNNING';
      return ended.promise;
    },
    shutdown: () => {
      state = 'STOPPED';
      ended.resolve();
    },
  };
}
