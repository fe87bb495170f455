import type { Logger } from '@temporalio/common';

/** The first SIGTERM or SIGINT calls `stop`; a second one ends the process at once, with code 1. */
export function onStopSignal(log: Logger, stop: () => void): void {
  let isStopping = false;
  const handle = (signal: NodeJS.Signals): void => {
    if (isStopping) {
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
