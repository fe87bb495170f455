import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { checkManifest } from '../manifest.ts';

/** `serin lint -f FILE`: prints issues and warnings, one a line. Exit code 2 when the manifest cannot be used. */
export async function lint(context: CommandContext, path: string): Promise<CommandResult> {
  const check = await checkManifest(context.terminal, path);
  if (check.kind === 'invalid') {
    say(context, ...check.issues);
    return { exitCode: 2, json: { valid: false, issues: check.issues, warnings: [] } };
  }
  say(context, ...check.warnings.map((warning) => `warning: ${warning}`), `${check.file.name} can be used`);
  return { exitCode: 0, json: { valid: true, issues: [], warnings: check.warnings } };
}
