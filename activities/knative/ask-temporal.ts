import type { TemporalService } from '../../temporal/settings.ts';
import { failure, innermostMessage } from '../failures.ts';

/** Asks Temporal about another experiment; fails as `TemporalUnavailable`, to be retried, when it does not answer. */
export async function askTemporal<T>(
  { address }: TemporalService,
  workflowId: string,
  question: () => Promise<T>,
): Promise<T> {
  return question().catch((error: unknown) => {
    const message = `cannot ask Temporal at ${address} about experiment ${workflowId}: ${innermostMessage(error)}`;
    throw failure('TemporalUnavailable', { message, cause: error });
  });
}
