import { EventEmitter, on } from 'node:events';
import { defined } from '../core/text/defined.ts';
import { pause } from '../kubernetes/pause.ts';
import { failureDetails } from '../temporal/grpc.ts';
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

/** During an outage Temporal's client would try for longer than the list should look new. */
const listLimitMs = 8_000;

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
  /** Present while somebody looks. */
  #polling: AbortController | undefined;

  constructor(session: TemporalService) {
    this.#session = session;
  }

  /** Yields the latest reading, if there is one, and each that follows. */
  async *watch(signal: AbortSignal): AsyncGenerator<ListReading> {
    const readings = on(this.#emitter, 'reading', { signal }) as AsyncIterable<[ListReading]>;
    this.#watchers += 1;
    try {
      if (this.#latest !== undefined) yield this.#latest;
      if (this.#polling === undefined) void this.#poll();
      for await (const [reading] of readings) yield reading;
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#watchers -= 1;
      if (this.#watchers === 0) this.#stop();
    }
  }

  #stop(): void {
    this.#polling?.abort();
    this.#polling = undefined;
    this.#latest = undefined;
    for (const [runId, { isFinal }] of this.#known) if (!isFinal) this.#known.delete(runId);
  }

  async #poll(): Promise<void> {
    const polling = new AbortController();
    this.#polling = polling;
    while (!polling.signal.aborted) {
      const reading = await this.#read();
      if (polling.signal.aborted) return;
      this.#latest = reading;
      this.#emitter.emit('reading', reading);
      await pause(polling.signal, turnMs);
    }
  }

  async #read(): Promise<ListReading> {
    try {
      const listing = () => newestExecutions(this.#session, mostListed);
      const executions = await this.#session.client.withDeadline(Date.now() + listLimitMs, listing);
      const views = await viewAll(this.#session, this.#chooseNext(executions), 'brief');
      for (const view of views) this.#remember(view);
      return { experiments: this.#list(executions) };
    } catch (error) {
      const { message } = explainClientError(error, this.#session);
      return { experiments: this.#latest?.experiments ?? [], note: message };
    }
  }

  #list(executions: readonly Execution[]): readonly ListedExperiment[] {
    const listed = new Set(executions.map(({ runId }) => runId));
    for (const runId of this.#known.keys()) if (!listed.has(runId)) this.#known.delete(runId);
    const rows = executions.map((execution) => this.#known.get(execution.runId)?.row ?? listUnread(execution));
    return rows.map((row) => withoutOldAttention(row, rows));
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
    const known = this.#known.get(runId)?.row;
    // A run that does not answer now has still said what it is about.
    const kept = view.report === undefined ? defined({ name: known?.name, target: known?.target }) : {};
    const row = { ...kept, ...describe(view) };
    this.#known.set(runId, { row, isFinal: isClosed(view.execution), readAtMs: Date.now() });
  }
}

/** A report of another version of serin may be of a kind that this one does not know. */
function describe(view: ExperimentView): ListedExperiment {
  try {
    return describeListed(view);
  } catch (error) {
    return describeListed({ execution: view.execution, note: failureDetails(error), silence: 'unreadable' });
  }
}

/** Traffic that an ended run left split is the affair of a later run of that target, once there is one. */
function withoutOldAttention(row: ListedExperiment, rows: readonly ListedExperiment[]): ListedExperiment {
  const { attention, target, closedAtMs = Infinity, ...others } = row;
  if (attention !== 'unsafe' || target === undefined) return row;
  const isOver = rows.some((other) => other.target === target && other.startedAtMs >= closedAtMs);
  return isOver ? { ...others, target, closedAtMs } : row;
}
