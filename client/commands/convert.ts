import { convertManifest } from '../../formats/manifest/convert.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark } from '../context.ts';
import { CommandError } from '../errors.ts';
import { readInputFile } from '../files/files.ts';

/** `serin convert -f FILE`: prints a manifest of iter8, Flagger or Argo Rollouts in serin's own form. */
export async function convertCommand(
  context: CommandContext,
  { path, target }: { readonly path: string; readonly target?: string | undefined },
): Promise<CommandResult> {
  const { name, text } = await readInputFile(context.terminal, path);
  const conversion = convertManifest(text, name, target);
  if (conversion.kind === 'invalid') {
    const { issues } = conversion;
    throw new CommandError('usage', [`${name} cannot be converted:`, ...issues].join('\n  '), { issues });
  }
  remark(context, ...conversion.warnings.map((warning) => `warning: ${warning}`));
  context.terminal.write(conversion.text);
  return { exitCode: 0 };
}
