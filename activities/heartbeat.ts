import { Context } from '@temporalio/activity';

/** A cancellation comes as the answer to a heartbeat, so this is also how soon an abort arrives. */
const heartbeatIntervalMs = 500;

/**
 * Sends heartbeats while `work` runs, so that a lost worker is noticed and a cancellation arrives soon.
 *
 * @param progress what another attempt is to know, if this one is lost: JSON-safe, and found by `progressBefore`.
 */
export async function withHeartbeats<T>(work: () => Promise<T>, progress?: () => unknown): Promise<T> {
  const context = Context.current();
  const beat = (): void => (progress === undefined ? context.heartbeat() : context.heartbeat(progress()));
  beat();
  const timer = setInterval(beat, heartbeatIntervalMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** The progress of the attempt before this one, as it was told last; undefined where there was none. */
export function progressBefore(): unknown {
  return Context.current().info.heartbeatDetails;
}
