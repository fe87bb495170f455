import { cancellationSignal } from '@temporalio/activity';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { requiredCommands } from '../../core/tasks/task.ts';
import type { RunTaskInput, RunTaskResult } from '../../contract/tasks.ts';
import { failure } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { raiseLease } from '../knative/lease.ts';
import { describeEnd, endFailureType, hasSucceeded, lastLines } from './command-failure.ts';
import { describeRefusal } from '../../core/tasks/flags.ts';
import { parseKubectlCommand } from '../../core/tasks/kubectl-command.ts';
import { formatCommand, redactOutput } from '../../core/tasks/redact.ts';
import { runKubectl } from './kubectl.ts';
import type { KubectlAccess } from './kubectl.ts';
import { runProcess } from './run-process.ts';
import type { ProcessResult } from './run-process.ts';

export interface CommandDependencies extends KubectlAccess {
  readonly cluster: ActivityCluster;
  readonly allowedCommands: readonly string[];
}

/**
 * Runs an allowed command; what it does must be safe to repeat, since a lost worker makes it run again. Fails as
 * `CommandNotAllowed`, as `Fenced` without the target's Lease, or as `CommandFailed` with what it printed last.
 */
export async function runCommand(dependencies: CommandDependencies, input: RunTaskInput): Promise<RunTaskResult> {
  const { command, args, limitMs } = input;
  const refusal = refuseCommand(command, dependencies.allowedCommands);
  if (refusal !== undefined) throw failure('CommandNotAllowed', { message: refusal });
  const run = prepare(dependencies, input);
  return withHeartbeats(async () => {
    await raiseLease(dependencies.cluster, input, limitMs);
    const result = await run(cancellationSignal());
    if (hasSucceeded(result)) return { output: redactOutput(result.stdout.trim(), args) };
    const said = lastLines({ args, result }) || 'no output';
    const message = `${formatCommand(command, args)} ${describeEnd({ result, limitMs })}: ${said}`;
    throw failure(endFailureType(result), { message });
  });
}

/** kubectl runs by its grammar, everything else as it is given, with the worker's own rights. */
function prepare(
  access: KubectlAccess,
  { namespace, command, args, limitMs }: RunTaskInput,
): (signal: AbortSignal) => Promise<ProcessResult> {
  const { environment, bounds } = access;
  if (command !== 'kubectl') return (signal) => runProcess({ command, args, environment, bounds, limitMs, signal });
  const parsed = parseKubectlCommand(args);
  if (parsed.kind === 'unsupported') throw failure('CommandNotAllowed', { message: describeRefusal(parsed) });
  return (signal) => runKubectl(access, { call: parsed.call, namespace, limitMs, signal });
}

/** Why the worker does not run the command; undefined when it does. */
export function refuseCommand(command: string, allowedCommands: readonly string[]): string | undefined {
  if (allowedCommands.includes(command)) return undefined;
  const allowed = allowedCommands.length === 0 ? 'none' : allowedCommands.join(', ');
  return `command ${JSON.stringify(command)} is not allowed on this worker; allowed: ${allowed}`;
}

/** Why the worker does not run commands of the experiment, one reason for each command. */
export function refusedCommands(experiment: Experiment, allowedCommands: readonly string[]): readonly string[] {
  return requiredCommands(experiment).flatMap((command) => refuseCommand(command, allowedCommands) ?? []);
}
