import type { OperatorLog } from './log.ts';
import type { Runs } from './runs.ts';

const retryMs = 2_000;

/** How long a start that was sent before may take to arrive. */
const lateStartMs = 15_000;

interface PendingAbort {
  readonly workflowId: string;
  readonly reason: string;
  /** Until then an absent workflow may still appear; by `performance.now()`. */
  readonly untilMs: number;
}

/** The aborts of runs whose Experiment went before they could be delivered: each is sent as soon as Temporal answers. */
export class PendingAborts {
  readonly #runs: Runs;
  readonly #log: OperatorLog;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(runs: Runs, log: OperatorLog) {
    this.#runs = runs;
    this.#log = log;
  }

  add(workflowId: string, reason: string): void {
    if (this.#timers.has(workflowId)) return;
    this.#schedule({ workflowId, reason, untilMs: performance.now() + lateStartMs }, 0);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #schedule(pending: PendingAbort, afterMs: number): void {
    this.#timers.set(
      pending.workflowId,
      setTimeout(() => void this.#deliver(pending), afterMs),
    );
  }

  async #deliver(pending: PendingAbort): Promise<void> {
    const { workflowId, reason, untilMs } = pending;
    try {
      const isDelivered = await this.#runs.abort(workflowId, reason);
      if (!isDelivered && performance.now() < untilMs) return this.#schedule(pending, retryMs);
      this.#timers.delete(workflowId);
      if (isDelivered) this.#log.info('told the run of an Experiment that is gone to abort', { workflowId });
    } catch {
      this.#schedule({ ...pending, untilMs: performance.now() + lateStartMs }, retryMs);
    }
  }
}
