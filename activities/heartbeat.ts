import { Context } from '@temporalio/activity';

/** Cancellation comes back as the answer to a heartbeat, so this is also how soon an abort is heard. */
const heartbeatIntervalMs = 500;

/** Heartbeats while `work` runs: a lost worker is noticed, and a cancellation is heard soon. */
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
