import { writeFile } from 'node:fs/promises';
import { readAssets } from '../../server/assets.ts';
import { freeze } from '../../server/freeze.ts';
import { renderFrozen } from '../../server/render-frozen.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { CommandError } from '../errors.ts';
import { withSession } from '../temporal/connection.ts';
import { findExecution } from '../temporal/find-experiment.ts';
import { explainNamespace } from '../temporal/namespace-hint.ts';

export interface ReportFlags {
  /** The file to write; named after the experiment if absent. */
  readonly to?: string;
  /** Of this program. */
  readonly version: string;
}

/** `serin report ID`: writes an experiment to one file of HTML, with its charts, its timeline and the facts of each interval. */
export async function reportCommand(
  context: CommandContext,
  { id, flags: { to, version } }: { readonly id: string; readonly flags: ReportFlags },
): Promise<CommandResult> {
  return withSession(context.connection, async (session) => {
    const execution = await findExecution(context, session, id);
    const { address, namespace } = session;
    const frozen = await freeze(session, execution, { version, temporal: { address, namespace } });
    const file = to ?? `${(frozen.page.report?.name || execution.workflowId).replaceAll('/', '-')}.html`;
    await writeFile(file, renderFrozen(frozen, await readAssets())).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CommandError('failed', `cannot write ${file}: ${reason}`, { cause: error });
    });
    say(context, `${execution.workflowId} is in ${file}`);
    return { exitCode: 0 as const, json: { workflowId: execution.workflowId, file } };
  }).catch(explainNamespace(context, 'report', id));
}
