import type { Logger } from '@temporalio/common';

/** What the signals to stop do to a worker. */
export interface StopActions {
  readonly stop: () => void;
  /** Writes what loggers have kept back. */
  readonly flushLogs: () => void;
}

/** The first SIGTERM or SIGINT stops the worker; a second one ends the process at once, with code 1. */
export function onStopSignal(log: Logger, { stop, flushLogs }: StopActions): void {
  let isStopping = false;
  const handle = (signal: NodeJS.Signals): void => {
    if (isStopping) {
      flushLogs();
      log.warn('second signal: ending without waiting for work in flight', { signal });
      process.exit(1);
    }
    isStopping = true;
    log.info('stopping', { signal });
    stop();
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}
