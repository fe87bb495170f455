import { Context } from '@temporalio/activity';

/** A cancellation comes as the answer to a heartbeat, so this is also how soon an abort arrives. */
const heartbeatIntervalMs = 500;

/** Sends heartbeats while `work` runs, so that a lost worker is noticed and a cancellation arrives soon. */
export async function withHeartbeats<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const timer = setInterval(() => context.heartbeat(), heartbeatIntervalMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
