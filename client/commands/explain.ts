import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { withSession } from '../temporal/connection.ts';
import { chooseInterval, isFile, readExportedRecord, readRunRecord } from '../temporal/recorded-run.ts';
import { explanation } from '../render/explanation.ts';

export interface ExplainFlags {
  /** The number of the observed interval, from 1; the latest if absent. */
  readonly iteration?: number;
}

/**
 * `serin explain ID`: prints what was asked, measured, compared and decided in one interval, from the record of the run.
 * Fails with `notFound` when the record has no such interval.
 */
export async function explainCommand(
  context: CommandContext,
  { id, flags }: { readonly id: string; readonly flags: ExplainFlags },
): Promise<CommandResult> {
  const record = (await isFile(id))
    ? await readExportedRecord(id)
    : await withSession(context.connection, (session) => readRunRecord(context, session, id));
  const { number, interval } = chooseInterval(record, flags.iteration);
  say(context, ...explanation(record.experiment, interval, { number, count: record.intervals.length }));
  return { exitCode: 0, json: { number, ...interval } };
}
