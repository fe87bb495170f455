import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cancellationSignal } from '@temporalio/activity';
import { redactValues } from '../../core/tasks/redact.ts';
import type { TemplatePart } from '../../core/tasks/template.ts';
import type { RunScriptInput, RunTaskResult } from '../../contract/tasks.ts';
import { failure } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import { raiseLease } from '../knative/lease.ts';
import { inScratchDirectory } from '../scratch-directory.ts';
import { readSecret } from '../secrets.ts';
import type { Secret } from '../secrets.ts';
import { describeEnd, endFailureType, hasSucceeded, lastLines } from './command-failure.ts';
import { refuseCommand } from './run-command.ts';
import type { CommandDependencies } from './run-command.ts';
import { runProcess } from './run-process.ts';
import type { ProcessResult } from './run-process.ts';

/**
 * Runs a script with bash where the worker allows that; it must be safe to repeat, since a lost worker makes it run again.
 * The keys of its secret reach it as variables, so that no value is ever part of the script or of a command line.
 */
export async function runScript(
  {
    cluster,
    allowedCommands,
    environment,
    bounds,
  }: Pick<CommandDependencies, 'cluster' | 'allowedCommands' | 'environment' | 'bounds'>,
  input: RunScriptInput,
): Promise<RunTaskResult> {
  const refusal = refuseCommand('bash', allowedCommands);
  if (refusal !== undefined) throw failure('CommandNotAllowed', { message: refusal });
  const { limitMs } = input;
  return withHeartbeats(async () => {
    const secret = await readSecret(cluster, input.secret);
    const { script, variables } = withVariables(input.script, secret);
    await raiseLease(cluster, input, limitMs);
    return inScratchDirectory('scratch', async (directory) => {
      const file = join(directory, 'script.sh');
      // A script may be longer than an argument of a program.
      await writeFile(file, script);
      const result = await runProcess({
        command: 'bash',
        args: [file],
        environment: { ...environment, ...variables, SCRATCH_DIR: directory },
        bounds,
        directory,
        limitMs,
        signal: cancellationSignal(),
      });
      const said = lastLines({ args: [], result: withoutSecret(result, secret) });
      if (hasSucceeded(result)) return { output: said };
      throw failure(endFailureType(result), {
        message: `bash ${describeEnd({ result, limitMs })}: ${said || 'no output'}`,
      });
    });
  });
}

/** The output without the secret's values. Where it was cut off, its first line may begin within a value, and is dropped. */
function withoutSecret(result: ProcessResult, { values }: Secret): ProcessResult {
  const shown = (output: string): string => {
    const whole = result.isCut && values.length > 0 ? output.slice(output.indexOf('\n') + 1) : output;
    return redactValues(whole, values);
  };
  return { ...result, stdout: shown(result.stdout), stderr: shown(result.stderr) };
}

function withVariables(
  parts: readonly TemplatePart[],
  secret: Secret,
): { readonly script: string; readonly variables: Readonly<Record<string, string>> } {
  const keys = [...new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : [part.secret])))];
  const variableName = (key: string): string => `SERIN_SECRET_${keys.indexOf(key) + 1}`;
  return {
    script: parts.map((part) => (typeof part === 'string' ? part : `\${${variableName(part.secret)}}`)).join(''),
    variables: Object.fromEntries(keys.map((key) => [variableName(key), secret.value(key)])),
  };
}
