import { EventEmitter, on } from 'node:events';
import { pause } from '../kubernetes/pause.ts';
import { isClosed } from '../temporal/read-run.ts';
import type { TemporalService } from '../temporal/settings.ts';
import type { Execution, ExperimentView } from '../client/temporal/experiments.ts';
import { explainClientError } from '../client/temporal/failures.ts';
import { viewAll } from '../client/temporal/view-all.ts';
import { newestExecutions } from '../client/temporal/visibility.ts';
import type { ListedExperiment } from './api.ts';
import { describeListed, listUnread } from './describe-view.ts';
import type { ListReading } from './runs.ts';

/** The most experiments that are listed, the newest. */
const mostListed = 1_000;

/** How many runs are asked in one turn: those that were asked longest ago. */
const readsInTurn = 50;

const turnMs = 2_000;

/** Within this a turn must be done: during an outage Temporal's client would try for longer than the list should look new. */
const turnLimitMs = 8_000;

interface Known {
  readonly row: ListedExperiment;
  /** Of a run that has ended: what it says does not change any more. */
  readonly isFinal: boolean;
  readonly readAtMs: number;
}

/**
 * Reads the list for all who look at it, as long as somebody does: in each turn one query for the list, and questions to a bounded
 * number of runs, so that a thousand open runs cost Temporal no more than fifty.
 */
export class ListPoller {
  readonly #session: TemporalService;
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #known = new Map<string, Known>();
  #latest: ListReading | undefined;
  #watchers = 0;
  #isPolling = false;

  constructor(session: TemporalService) {
    this.#session = session;
  }

  /** Yields the latest reading, if there is one, and each that follows. */
  async *watch(signal: AbortSignal): AsyncGenerator<ListReading> {
    const readings = on(this.#emitter, 'reading', { signal }) as AsyncIterable<[ListReading]>;
    this.#watchers += 1;
    try {
      if (this.#latest !== undefined) yield this.#latest;
      if (!this.#isPolling) void this.#poll();
      for await (const [reading] of readings) yield reading;
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#watchers -= 1;
    }
  }

  async #poll(): Promise<void> {
    this.#isPolling = true;
    const never = new AbortController().signal;
    while (this.#watchers > 0) {
      this.#latest = await this.#read();
      this.#emitter.emit('reading', this.#latest);
      await pause(never, turnMs);
    }
    this.#isPolling = false;
    this.#latest = undefined;
  }

  async #read(): Promise<ListReading> {
    try {
      const deadline = Date.now() + turnLimitMs;
      return { experiments: await this.#session.client.withDeadline(deadline, () => this.#readNow()) };
    } catch (error) {
      const { message } = explainClientError(error, this.#session);
      return { experiments: this.#latest?.experiments ?? [], note: message };
    }
  }

  async #readNow(): Promise<readonly ListedExperiment[]> {
    const executions = await newestExecutions(this.#session, mostListed);
    const views = await viewAll(this.#session, this.#chooseNext(executions), 'brief');
    for (const view of views) this.#remember(view);
    const listed = new Set(executions.map(({ runId }) => runId));
    for (const runId of this.#known.keys()) if (!listed.has(runId)) this.#known.delete(runId);
    return executions.map((execution) => this.#known.get(execution.runId)?.row ?? listUnread(execution));
  }

  /** The runs that were never asked come first, then those that were asked longest ago. */
  #chooseNext(executions: readonly Execution[]): readonly Execution[] {
    const readAt = ({ runId }: Execution): number => this.#known.get(runId)?.readAtMs ?? 0;
    return executions
      .filter(({ runId }) => this.#known.get(runId)?.isFinal !== true)
      .toSorted((a, b) => readAt(a) - readAt(b))
      .slice(0, readsInTurn);
  }

  #remember(view: ExperimentView): void {
    const { runId } = view.execution;
    const known = this.#known.get(runId);
    // A run that does not answer now has still said what it said.
    const kept = view.report === undefined && known !== undefined ? known.row : undefined;
    const row = { ...kept, ...describeListed(view) };
    this.#known.set(runId, { row, isFinal: isClosed(view.execution), readAtMs: Date.now() });
  }
}
