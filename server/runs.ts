import type { RecordedRun } from '../core/offline/backtest.ts';
import type { RequestInput } from '../contract/messages.ts';
import type { Ask, AskAnswer, ExperimentPage, ExperimentRecord, ListedExperiment, ServerFacts } from './api.ts';

/** The list as it was read last. */
export interface ListReading {
  readonly experiments: readonly ListedExperiment[];
  /** Why it may be old. */
  readonly note?: string;
}

/** What can be read of experiments. Failures are of the kind `CommandError`. */
export interface ReadRuns {
  /** Yields the list, at first as it is known, and whenever it has been read. */
  readonly watchList: (signal: AbortSignal) => AsyncIterable<ListReading>;
  /** Yields the experiment until it has ended. Fails with `notFound`. */
  readonly watch: (workflowId: string, signal: AbortSignal) => AsyncIterable<ExperimentPage>;
  readonly readRecord: (workflowId: string) => Promise<ExperimentRecord>;
  /** What was measured, for judging it by other criteria. */
  readonly readRecorded: (workflowId: string) => Promise<RecordedRun>;
  /** The facts of the interval with this number, from 1. Fails with `notFound`. */
  readonly explain: (workflowId: string, number: number) => Promise<readonly string[]>;
}

/** The experiments, as one person sees and steers them. */
export interface Runs extends ReadRuns {
  readonly facts: ServerFacts;
  /** Fails with `refused` where it does not apply, and with `noWorker` when no worker answers. */
  readonly ask: (ask: Ask) => Promise<AskAnswer>;
}

/** The experiments, whoever looks. */
export interface SharedRuns extends ReadRuns {
  /** The namespace of the experiment of this page, where its run does not answer: as it was recorded; undefined before the manifest was read. */
  readonly findNamespace: (page: ExperimentPage) => Promise<string | undefined>;
  /** @param request who asks, and why. */
  readonly ask: (ask: Ask, request: RequestInput) => Promise<AskAnswer>;
}
