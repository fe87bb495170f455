import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { withSession } from '../temporal/connection.ts';
import { CommandError } from '../errors.ts';
import { isFile, readExportedRecord, readRunRecord } from '../temporal/recorded-run.ts';
import type { RunRecord } from '../temporal/recorded-run.ts';
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
  const { number, interval } = chosen(record, flags.iteration);
  say(context, ...explanation(record.experiment, interval, { number, count: record.intervals.length }));
  return { exitCode: 0, json: { number, ...interval } };
}

function chosen({ name, intervals }: RunRecord, iteration: number | undefined) {
  const number = iteration ?? intervals.length;
  const interval = intervals[number - 1];
  if (interval !== undefined) return { number, interval };
  const known = intervals.length === 0 ? 'none yet' : `1 to ${intervals.length}`;
  throw new CommandError('notFound', `${name} has no observed interval ${number}; it has ${known}`);
}
