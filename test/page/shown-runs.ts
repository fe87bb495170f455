import { EventEmitter, on } from 'node:events';
import type { Ask, AskAnswer, ExperimentPage, FrozenPage } from '../../server/api.ts';
import type { Runs } from '../../server/runs.ts';
import { stateRuns } from '../ui/state-runs.ts';

/** Recorded states, of which a test replaces one while it is looked at. */
export interface ShownRuns {
  readonly runs: Runs;
  /** What was asked, in order. */
  readonly asked: readonly Ask[];
  readonly show: (page: ExperimentPage) => void;
}

export function showRuns(
  states: ReadonlyMap<string, FrozenPage>,
  answer: (ask: Ask) => Promise<AskAnswer> = async ({ request }) => ({ message: `${request} accepted` }),
): ShownRuns {
  const asked: Ask[] = [];
  const shown = new EventEmitter().setMaxListeners(0);
  const runs = stateRuns(states, {
    ask: async (ask) => {
      asked.push(ask);
      return answer(ask);
    },
  });
  return {
    asked,
    show: (page) => void shown.emit(page.workflowId, page),
    runs: {
      ...runs,
      async *watch(workflowId, signal) {
        const later = on(shown, workflowId, { signal }) as AsyncIterable<[ExperimentPage]>;
        const [first] = await firstOf(runs.watch(workflowId, signal));
        if (first !== undefined) yield first;
        if (first?.isClosed === true) return;
        try {
          for await (const [page] of later) yield page;
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      },
    },
  };
}

async function firstOf<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  for await (const value of values) return [value];
  return [];
}
