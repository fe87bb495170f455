import { defined } from '../core/text/defined.ts';
import type { ListChange } from './api.ts';
import type { ListReading } from './runs.ts';

/** The list as changes: what is new or different since the reading before. A reading that changes nothing is left out. */
export async function* listChanges(readings: AsyncIterable<ListReading>): AsyncGenerator<ListChange> {
  let sent: ReadonlyMap<string, string> | undefined;
  let sentNote: string | undefined;
  for await (const { experiments, note } of readings) {
    const before = sent ?? new Map<string, string>();
    const now = new Map(experiments.map((one) => [one.runId, JSON.stringify(one)]));
    const changed = experiments.filter(({ runId }) => before.get(runId) !== now.get(runId));
    const removed = [...before.keys()].filter((runId) => !now.has(runId));
    const isNew = sent === undefined || changed.length + removed.length > 0 || note !== sentNote;
    [sent, sentNote] = [now, note];
    if (isNew) yield { nowMs: Date.now(), changed, removed, ...defined({ note }) };
  }
}
