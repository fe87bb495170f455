import { once } from 'node:events';
import { join } from 'node:path';
import { defaultTaskQueue } from '../../contract/names.ts';
import { defined } from '../../core/text/defined.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { formatTimeOfDay } from '../../core/text/instant.ts';
import { settingDefinitions } from '../../formats/worker/settings.ts';
import { kubeconfigPlace, loadKubeConfig } from '../../kubernetes/kubeconfig.ts';
import type { KubernetesFlags } from '../../kubernetes/kubeconfig.ts';
import { pause } from '../../kubernetes/pause.ts';
import { defaultPort } from '../../temporal/settings.ts';
import type { TemporalPlace, TemporalService } from '../../temporal/settings.ts';
import { answerWithin } from '../../temporal/grpc.ts';
import { registerSearchAttributes } from '../../temporal/search-attributes.ts';
import type { CommandContext, CommandResult, ConnectionFlags } from '../context.ts';
import { remark, say } from '../context.ts';
import { withProgram } from '../dev/kept-program.ts';
import type { Supervisor } from '../dev/kept-program.ts';
import { answers, localConnection, localServer, localWebUi, requirePorts } from '../dev/local-temporal.ts';
import { defaultStateDirectory, devDirectory, withDirectory } from '../dev/state.ts';
import { findTemporal } from '../dev/temporal-program.ts';
import { readWorkerLog } from '../dev/worker-log.ts';
import type { WorkerLog } from '../dev/worker-log.ts';
import { devWorker } from '../dev/worker.ts';
import type { PrometheusFlags } from '../files/prometheus-place.ts';
import { connectDoctorCluster } from '../doctor/cluster.ts';
import { failureText } from '../doctor/finding.ts';
import type { CommandError } from '../errors.ts';
import { nextLines, placeLines } from '../render/dev.ts';
import { formatFindings } from '../render/findings.ts';
import { paint } from '../render/text.ts';
import { withSession } from '../temporal/connection.ts';
import { readTaskQueue } from '../temporal/task-queue.ts';
import { examine } from './doctor.ts';
import { withPage } from './ui.ts';

export interface DevFlags extends KubernetesFlags, PrometheusFlags {
  /** Of the development server; its Web UI is 1000 above. */
  readonly port?: number;
  /** Where the data are; in the user's home if absent. */
  readonly state?: string;
  /** Of this program. */
  readonly version: string;
}

/** One `serin dev`, while it runs. */
interface Dev extends Supervisor {
  readonly context: CommandContext;
  readonly flags: DevFlags & { readonly port: number; readonly prometheus: string };
  readonly directory: string;
  /** Aborted when the user interrupts, or when something has failed. */
  readonly ending: AbortSignal;
}

/**
 * `serin dev`: runs all that experiments need for the cluster of the kubeconfig, until interrupted: a development server of Temporal, or
 * the Temporal at `--address`, and a worker that is the operator too.
 */
export async function devCommand(context: CommandContext, given: DevFlags): Promise<CommandResult> {
  const { server, chosen } = announceCluster(context, given);
  const prometheus = settingDefinitions.prometheusUrl.fallback;
  const flags = { port: defaultPort, prometheus, ...defined(given), context: chosen };
  const { address } = context.connection;
  const state = flags.state ?? defaultStateDirectory(context.terminal.env);
  const directory = devDirectory(state, { server, temporal: address ?? String(flags.port) });
  const failures: CommandError[] = [];
  const dev = { context, flags, directory, ...supervise(context, failures) };
  await warnIfUnreachable(dev);
  await withDirectory(directory, () =>
    address === undefined ? runWithServer(dev, state) : runWithWorker(dev, context.connection),
  );
  for (const failure of failures) throw failure;
  say(context, `All has ended; the next \`${context.program} dev\` goes on where it was.`);
  return { exitCode: 0 };
}

/** Says on which cluster this acts, and returns the address of its API and the context that was chosen. */
function announceCluster(context: CommandContext, flags: DevFlags) {
  const config = loadKubeConfig(flags);
  const chosen = config.getCurrentContext();
  const { server = '' } = config.getCurrentCluster() ?? {};
  const where = `${server} (context ${chosen} of ${kubeconfigPlace(flags)})`;
  say(context, `Acts on the cluster ${paint(where, 'bold', context.style)}`);
  return { server, chosen };
}

function supervise(context: CommandContext, failures: CommandError[]): Supervisor & Pick<Dev, 'ending'> {
  const { interrupted } = context.terminal;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  interrupted.addEventListener('abort', end);
  if (interrupted.aborted) end();
  return {
    ending: ending.signal,
    note: (text) => remark(context, `${formatTimeOfDay(Date.now())}  ${text}`),
    fail: (error) => {
      failures.push(error);
      end();
    },
  };
}

const answerLimitMs = 5_000;

async function warnIfUnreachable({ context, flags }: Dev): Promise<void> {
  const version = answerWithin(answerLimitMs, connectDoctorCluster(flags).version());
  const problem = await version.then(() => undefined, failureText);
  if (problem === undefined) return;
  const question = 'is it the one that you mean? --context chooses another';
  remark(context, `warning: this cluster cannot be reached, ${question}: ${problem}`);
}

async function runWithServer(dev: Dev, state: string): Promise<void> {
  const { context, flags, directory, ending } = dev;
  const { port } = flags;
  await requirePorts(port);
  const temporal = await findTemporal(join(state, 'temporal'), (text) => say(context, text));
  say(context, `Starting Temporal ${temporal.version} (${temporal.path}), data in ${directory}`);
  const connection = localConnection(port);
  await withProgram(localServer(temporal, port, directory), dev, async (cameUp) => {
    await until(ending, () => answers(connection));
    cameUp();
    await runWithWorker(dev, connection);
    say(context, 'Stopping Temporal');
  });
}

async function runWithWorker(dev: Dev, connection: ConnectionFlags): Promise<void> {
  const { context, directory, flags, ending, note } = dev;
  if (ending.aborted) return;
  const temporal = await withSession(connection, prepare);
  say(context, 'Starting a worker that is the operator too');
  const startedAtMs = Date.now();
  const worker = await devWorker({ directory, connection, flags });
  const log: WorkerLog = { healthAddress: '', isStarted: false };
  const readLine = (line: string): string => readWorkerLog(line, log, (text) => note(`worker: ${text}`));
  await withProgram({ ...worker, readLine }, dev, async (cameUp) => {
    await until(
      ending,
      async () =>
        log.isStarted &&
        (await withSession(connection, (session) => readTaskQueue(session, taskQueue))).polledBy.length > 0,
    );
    if (ending.aborted) return;
    cameUp();
    say(context, `Ready after ${formatDuration(Date.now() - startedAtMs)}`);
    await withPage(connection, { port: 0, version: flags.version }, async ({ address: page }) => {
      const ended = once(ending, 'abort');
      const { healthAddress } = log;
      await Promise.race([describeAll({ dev, connection, temporal, page, healthAddress }), ended]);
      await ended;
    });
    say(context, 'Stopping the worker, which finishes what it is doing (Ctrl-C again ends everything at once)');
  });
}

const taskQueue = defaultTaskQueue;

/** Makes Temporal ready for runs, and says where it is. */
async function prepare(session: TemporalService): Promise<TemporalPlace> {
  await registerSearchAttributes(session);
  const { address, namespace } = session;
  return { address, namespace };
}

interface Running {
  readonly dev: Dev;
  readonly connection: ConnectionFlags;
  readonly temporal: TemporalPlace;
  /** The address that opens the page once. */
  readonly page: string;
  readonly healthAddress: string;
}

/** Prints where everything is, what the doctor finds, and what to do next. */
async function describeAll({ dev, connection, temporal, ...others }: Running): Promise<void> {
  const { context, flags, directory, ending } = dev;
  const { address } = temporal;
  const { env } = context.terminal;
  const webUi = connection.isLocal === true ? localWebUi(flags.port) : env['SERIN_WEB_UI'];
  const { prometheus } = flags;
  say(context, '', ...placeLines({ ...temporal, ...others, prometheus, directory, ...defined({ webUi }) }), '');
  const findings = await examine({ ...context, connection }, { ...flags, taskQueue });
  if (ending.aborted) return;
  say(context, formatFindings(findings, context.style), '');
  const isUsual = env['TEMPORAL_ADDRESS'] === address || (!env['TEMPORAL_ADDRESS'] && address === usualAddress);
  say(context, ...nextLines(context.program, isUsual ? undefined : address));
}

/** Where other commands look for Temporal by themselves. */
const usualAddress = localConnection(defaultPort).address;

/** Waits for a condition, as long as nothing ends; a question that hangs is asked anew. */
async function until(ending: AbortSignal, condition: () => Promise<boolean>): Promise<void> {
  while (!ending.aborted && !(await answerWithin(answerLimitMs, condition()).catch(() => false)))
    await pause(ending, 200);
}
