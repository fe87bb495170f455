import { backtest } from '../../core/offline/backtest.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark, say } from '../context.ts';
import { withSession } from '../temporal/connection.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';
import { readManifestFile } from '../files/manifest.ts';
import { isFile, readExportedRecord, readRunRecord } from '../temporal/recorded-run.ts';
import type { RunRecord } from '../temporal/recorded-run.ts';
import { formatColumns } from '../render/columns.ts';
import { listExperiments } from '../temporal/visibility.ts';

export interface BacktestFlags {
  readonly file: string;
  /** How many of the newest experiments to judge, in addition to the named ones. */
  readonly last?: number;
}

interface Request {
  /** Experiments, or files of exported histories. */
  readonly ids: readonly string[];
  readonly flags: BacktestFlags;
}

/**
 * `serin backtest ID… -f FILE`: judges recorded experiments by other criteria and prints which decisions would have changed.
 */
export async function backtestCommand(context: CommandContext, request: Request): Promise<CommandResult> {
  const { experiment } = await readManifestFile(context.terminal, request.flags.file);
  const records = await readRecords(context, request);
  const rows = records.map((record) => {
    const { recorded, rejudged, isChanged } = backtest(record, experiment);
    return { name: record.name, recorded: recorded.words, rejudged: rejudged.words, isChanged };
  });
  const changed = rows.filter((row) => row.isChanged).length;
  const cells = rows.map(({ name, recorded, rejudged, isChanged }) => [
    name,
    recorded,
    isChanged ? rejudged : 'the same',
  ]);
  say(context, formatColumns([['EXPERIMENT', 'AS RECORDED', 'BY THE NEW CRITERIA'], ...cells]), '');
  say(context, `${changed} of ${rows.length} decisions would have changed`);
  return { exitCode: 0, json: { changed, experiments: rows } };
}

async function readRecords(context: CommandContext, { ids, flags }: Request): Promise<readonly RunRecord[]> {
  const areFiles = await Promise.all(ids.map(isFile));
  if (ids.length === 0 && flags.last === undefined) {
    throw new CommandError('usage', 'backtest takes experiments, files of exported histories, or --last N');
  }
  const exported = await Promise.all(ids.filter((_, index) => areFiles[index]).map(readExportedRecord));
  const named = ids.filter((_, index) => !areFiles[index]);
  if (named.length === 0 && flags.last === undefined) return exported;
  const runs = await withSession(context.connection, (session) => readRuns(context, session, { ids: named, flags }));
  return [...exported, ...runs];
}

async function readRuns(
  context: CommandContext,
  session: TemporalService,
  { ids, flags }: Request,
): Promise<RunRecord[]> {
  const { last } = flags;
  const newest = last === undefined ? [] : await listExperiments(session, { limit: last });
  const records: RunRecord[] = [];
  for (const id of [...ids, ...newest.map(({ execution }) => execution.workflowId)]) {
    try {
      records.push(await readRunRecord(context, session, id));
    } catch (error) {
      // One of the newest may never have read its manifest.
      if (!(error instanceof CommandError) || ids.includes(id)) throw error;
      remark(context, `left out ${id}: ${error.message}`);
    }
  }
  return records;
}
