import { cancellationSignal } from '@temporalio/activity';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { requiredCommands } from '../../core/tasks/task.ts';
import type { RunTaskInput, RunTaskResult } from '../../contract/tasks.ts';
import { failure } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { raiseLease } from '../knative/lease.ts';
import { describeEnd, hasSucceeded, lastLines } from './command-failure.ts';
import { formatCommand, redactOutput } from '../../core/tasks/redact.ts';
import { runProcess } from './run-process.ts';

export interface CommandDependencies {
  readonly cluster: ActivityCluster;
  readonly allowedCommands: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** As whom kubectl acts; undefined: as the worker itself. */
  readonly user: string | undefined;
}

/**
 * Runs an allowed command; what it does must be safe to repeat, since a lost worker makes it run again. Fails as
 * `CommandNotAllowed`, as `Fenced` without the target's Lease, or as `CommandFailed` with what it printed last.
 */
export async function runCommand(
  { cluster, allowedCommands, environment, user }: CommandDependencies,
  input: RunTaskInput,
): Promise<RunTaskResult> {
  const { command, args, limitMs } = input;
  const refusal = refuseCommand(command, allowedCommands);
  if (refusal !== undefined) throw failure('CommandNotAllowed', { message: refusal });
  return withHeartbeats(async () => {
    await raiseLease(cluster, input, limitMs);
    const actual = command === 'kubectl' ? actingKubectl(args, user) : args;
    const result = await runProcess({ command, args: actual, environment, limitMs, signal: cancellationSignal() });
    if (hasSucceeded(result)) return { output: redactOutput(result.stdout.trim(), args) };
    const said = lastLines({ args, result }) || 'no output';
    const message = `${formatCommand(command, args)} ${describeEnd({ result, limitMs })}: ${said}`;
    throw failure('CommandFailed', { message });
  });
}

/** The arguments of a kubectl that acts as the user. */
export function actingKubectl(args: readonly string[], user: string | undefined): readonly string[] {
  return user === undefined ? args : [`--as=${user}`, ...args];
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
