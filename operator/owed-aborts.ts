import type { OperatorLog } from './log.ts';
import type { Runs } from './runs.ts';

const retryMs = 2_000;

/** Runs whose Experiment is gone before they could be told: each is told to abort as soon as Temporal answers. */
export class OwedAborts {
  readonly #runs: Runs;
  readonly #log: OperatorLog;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(runs: Runs, log: OperatorLog) {
    this.#runs = runs;
    this.#log = log;
  }

  add(workflowId: string, reason: string): void {
    if (this.#timers.has(workflowId)) return;
    this.#schedule(workflowId, reason, 0);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #schedule(workflowId: string, reason: string, afterMs: number): void {
    this.#timers.set(
      workflowId,
      setTimeout(() => void this.#pay(workflowId, reason), afterMs),
    );
  }

  async #pay(workflowId: string, reason: string): Promise<void> {
    try {
      await this.#runs.abort(workflowId, reason);
      this.#timers.delete(workflowId);
      this.#log.info('told the run of an Experiment that is gone to abort', { workflowId });
    } catch {
      this.#schedule(workflowId, reason, retryMs);
    }
  }
}
