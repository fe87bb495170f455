import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cancellationSignal } from '@temporalio/activity';
import { defined } from '../../core/text/defined.ts';
import type { Counts } from '../../core/measurements/measurement.ts';
import { plannedLoadMs } from '../../core/tasks/task.ts';
import { readFortioReport } from '../../formats/fortio-report.ts';
import type { CollectMetricsInput, LoadTarget } from '../../contract/tasks.ts';
import type { CommandBounds } from '../commands/bounds.ts';
import { describeEnd, endFailureType, hasSucceeded, lastLines } from '../commands/command-failure.ts';
import type { EndedCommand } from '../commands/command-failure.ts';
import { refuseCommand } from '../commands/run-command.ts';
import { runProcess } from '../commands/run-process.ts';
import { failure } from '../failures.ts';
import { withHeartbeats } from '../heartbeat.ts';
import type { AllowedHosts } from '../http/allowed-hosts.ts';
import { requireAllowedTarget } from '../http/allowed-hosts.ts';
import { requestText, requireSuccess } from '../http/request-text.ts';
import { inScratchDirectory } from '../scratch-directory.ts';

export interface LoadDependencies {
  readonly allowedCommands: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly bounds: CommandBounds;
}

const command = 'fortio';

/** The limit of a request, which counts as lost after that; the load may take longer than planned by as much. */
const requestLimitMs = 30_000;

/** A report of all intervals has a few KiB. */
const reportBytes = 1024 * 1024;

const payloadLimitMs = 10_000;

/**
 * Runs Fortio against every target at the same time and counts its answers by version, with any status. Fails as
 * `CommandNotAllowed`, `AddressNotAllowed`, `HttpUnavailable` or `HttpRefused` before the load, as `CommandFailed` after it.
 */
export async function collectMetrics(
  dependencies: LoadDependencies,
  input: CollectMetricsInput,
): Promise<{ readonly counts: Readonly<Record<string, Counts>> }> {
  const refusal = refuseCommand(command, dependencies.allowedCommands);
  if (refusal !== undefined) throw failure('CommandNotAllowed', { message: refusal });
  const allowed = { allowedHosts: dependencies.allowedHosts, namespace: input.namespace };
  const addressed: (readonly [LoadTarget, string])[] = [];
  for (const target of input.targets) {
    addressed.push([target, await requireAllowedTarget(target.url, allowed)]);
  }
  return withHeartbeats(async () => {
    const payload = await readPayload(dependencies, input);
    const loads = addressed.map(async ([target, address]) => {
      return [target.name, await load(dependencies, { target, address, input, payload })];
    });
    return { counts: Object.fromEntries(await Promise.all(loads)) };
  });
}

interface Load {
  readonly target: LoadTarget;
  /** The allowed address of its URL's host, IPv4. */
  readonly address: string;
  readonly input: CollectMetricsInput;
  readonly payload: string | undefined;
}

async function load(dependencies: LoadDependencies, { target, address, input, payload }: Load): Promise<Counts> {
  const { environment, bounds } = dependencies;
  const limitMs = Math.min(input.limitMs, plannedLoadMs(input.amount, target) + requestLimitMs);
  const signal = cancellationSignal();
  return inScratchDirectory('load', async (directory) => {
    const body = payload === undefined ? [] : await writePayload(directory, payload);
    const args = [...fortioArguments(target, input), '-resolve', address, ...body, target.url];
    const request = { command, args, environment, bounds, directory, limitMs, signal, outputBytes: reportBytes };
    return readCounts(target, { args, limitMs, result: await runProcess(request) });
  });
}

function readCounts({ name }: LoadTarget, { args, limitMs, result }: EndedCommand): Counts {
  const counts = hasSucceeded(result) ? readFortioReport(result.stdout) : undefined;
  if (counts !== undefined) return counts;
  const end = hasSucceeded(result) ? 'gave no report that can be read' : describeEnd({ result, limitMs });
  const said = lastLines({ args, result: { ...result, stdout: '' } }) || 'no output';
  throw failure(endFailureType(result), { message: `fortio for version ${name} ${end}: ${said}` });
}

function fortioArguments({ headers, requestsPerSecond }: LoadTarget, input: CollectMetricsInput): readonly string[] {
  const { amount, connections, contentType } = input;
  const flags = {
    '-qps': String(requestsPerSecond),
    '-c': String(connectionsFor(amount, connections)),
    ...(amount.kind === 'requests' ? { '-n': String(amount.count) } : { '-t': `${amount.durationMs}ms` }),
    '-timeout': `${requestLimitMs}ms`,
    '-r': '0.001',
    '-json': '-',
    ...defined({ '-content-type': contentType }),
  };
  const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  return ['load', ...Object.entries(flags).flat(), '-quiet', '-allow-initial-errors', ...given];
}

/** The number of connections. Fortio needs at least one request for each. */
function connectionsFor(amount: CollectMetricsInput['amount'], connections: number): number {
  return amount.kind === 'requests' ? Math.min(connections, amount.count) : connections;
}

async function readPayload(
  { allowedHosts }: LoadDependencies,
  { namespace, payload }: CollectMetricsInput,
): Promise<string | undefined> {
  return payload?.kind === 'url' ? download(payload.url, { allowedHosts, namespace }) : payload?.text;
}

/** Passes the payload in a file, since command lines are limited in length and visible to other users. */
async function writePayload(directory: string, payload: string): Promise<readonly string[]> {
  const file = join(directory, 'payload');
  await writeFile(file, payload);
  return ['-payload-file', file];
}

async function download(url: string, allowed: AllowedHosts): Promise<string> {
  const signal = cancellationSignal();
  const answer = await requestText({ url, method: 'GET', limitMs: payloadLimitMs, signal, ...allowed });
  requireSuccess(answer, 'the payloadURL');
  return answer.text;
}
