import type { TemporalService } from '../temporal/settings.ts';
import { CommandError } from '../client/errors.ts';
import { viewExecution } from '../client/temporal/experiments.ts';
import type { Execution } from '../client/temporal/experiments.ts';
import { readExecutionRecord } from '../client/temporal/recorded-run.ts';
import type { RunRecord } from '../client/temporal/recorded-run.ts';
import type { FrozenPage, ServerFacts } from './api.ts';
import { describePage } from './describe-view.ts';
import { explainRecord, recordOfPage } from './temporal-runs.ts';

/** Reads all that a page shows of an experiment. */
export async function freeze(session: TemporalService, execution: Execution, facts: ServerFacts): Promise<FrozenPage> {
  const page = describePage(await viewExecution(session, execution), Date.now());
  const record = await readExecutionRecord(session, execution).catch(withoutManifest);
  return record === undefined
    ? { facts, page, explanations: [] }
    : { facts, page, record: recordOfPage(record), explanations: explainRecord(record) };
}

/** A run that has not read its manifest has no record yet. */
function withoutManifest(error: unknown): RunRecord | undefined {
  if (error instanceof CommandError && error.kind === 'failed') return undefined;
  throw error;
}
