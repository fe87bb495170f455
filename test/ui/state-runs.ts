import { once } from 'node:events';
import { defined } from '../../core/text/defined.ts';
import { findHistory } from '../support/recorded-histories.ts';
import { readExportedRecord } from '../../client/temporal/recorded-run.ts';
import { CommandError } from '../../client/errors.ts';
import type { Ask, AskAnswer, ExperimentPage, FrozenPage, ListedExperiment } from '../../server/api.ts';
import { describeReport } from '../../server/describe-view.ts';
import type { Runs } from '../../server/runs.ts';

/** Runs that stay as they were recorded; `ask` answers what people ask of them. */
export function stateRuns(
  states: ReadonlyMap<string, FrozenPage>,
  { user = 'alice', ask = answer }: { readonly user?: string; readonly ask?: (ask: Ask) => Promise<AskAnswer> } = {},
): Runs {
  const pages = [...states.values()].map(asOfNow);
  const find = (workflowId: string): FrozenPage => {
    const found = pages.find(({ page }) => page.workflowId === workflowId);
    if (found === undefined) throw new CommandError('notFound', `no experiment ${workflowId}; \`serin get\` lists all`);
    return found;
  };
  return {
    facts: { version: '0.2.0', user, temporal: { address: 'temporal.temporal:7233', namespace: 'delivery' } },
    async *watchList(signal) {
      yield { experiments: pages.map(({ page }) => listed(page)) };
      await ended(signal);
    },
    async *watch(workflowId, signal) {
      const { page } = find(workflowId);
      yield page;
      if (!page.isClosed) await ended(signal);
    },
    readRecord: async (workflowId) => {
      const { record } = find(workflowId);
      if (record === undefined) throw new CommandError('failed', 'it has not read its manifest');
      return record;
    },
    readRecorded: async (workflowId) => {
      // What was measured in it is not in the state; a history of its kind has it.
      const { page } = find(workflowId);
      const path = findHistory(page.report?.outcome === 'RolledBack' ? 'rolled-back' : 'promoted');
      if (path === undefined) throw new CommandError('failed', 'nothing was recorded of it');
      return readExportedRecord(path);
    },
    explain: async (workflowId, number) => {
      const found = find(workflowId).explanations[number - 1];
      if (found === undefined) throw new CommandError('notFound', `there is no interval ${number}`);
      return found;
    },
    ask,
  };
}

/** The state as if it had been recorded now, so that its times go on. */
function asOfNow(state: FrozenPage): FrozenPage {
  const lateMs = Date.now() - state.page.nowMs;
  const shift = (key: string, value: unknown): unknown =>
    typeof value === 'number' && key.endsWith('Ms') && value > earliestMs ? value + lateMs : value;
  return JSON.parse(JSON.stringify(state), shift) as FrozenPage;
}

/** What is greater is a time and not a duration. */
const earliestMs = Date.UTC(2020);

async function answer({ request }: Ask): Promise<AskAnswer> {
  return { message: `${request} would be sent: this is a demonstration` };
}

async function ended(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

function listed({ report, ...page }: ExperimentPage): ListedExperiment {
  const { workflowId, runId, isClosed, startedAtMs, closedAtMs, attention, headline } = page;
  const facts = { workflowId, runId, isClosed, startedAtMs, ...defined({ closedAtMs, attention, headline }) };
  if (report === undefined) return { ...facts, weights: [] };
  return { ...facts, weights: [], ...describeReport(report) };
}
