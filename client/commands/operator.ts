import { once } from 'node:events';
import { loadKubeConfig } from '../../kubernetes/kubeconfig.ts';
import type { KubernetesFlags } from '../../kubernetes/kubeconfig.ts';
import { readAccountName } from '../../formats/worker/settings.ts';
import { startOperator } from '../../operator/operator.ts';
import type { OperatorLog } from '../../operator/log.ts';
import { openSession } from '../temporal/connection.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { defined } from '../../core/text/defined.ts';

export interface OperatorFlags extends KubernetesFlags {
  readonly taskQueue: string;
  /** The one namespace to watch; all if absent. */
  readonly watchNamespace?: string;
  readonly maxRunsPerNamespace: number;
  /** `none`: the operator restores traffic with its own rights. */
  readonly serviceAccount: string;
}

/** `serin operator`: runs a workflow for each Experiment in the cluster and shows its state there, until interrupted. */
export async function operatorCommand(context: CommandContext, flags: OperatorFlags): Promise<CommandResult> {
  const { taskQueue, watchNamespace, maxRunsPerNamespace } = flags;
  const kubeConfig = loadKubeConfig(flags);
  const { client, address, namespace } = openSession(context.connection);
  const log = logTo(context);
  const where = defined({ watchNamespace });
  const running = startOperator({
    kubeConfig,
    serviceAccount: readAccountName(flags.serviceAccount),
    client,
    taskQueue,
    maxRunsPerNamespace,
    log,
    ...where,
  });
  log.info('operator started', { watches: watchNamespace ?? 'all namespaces', address, namespace, taskQueue });
  if (!context.terminal.interrupted.aborted) await once(context.terminal.interrupted, 'abort');
  running.stop();
  await client.connection.close();
  return { exitCode: 0 };
}

/** Logs one line per event, with `-o json` one JSON object per line. */
function logTo({ terminal, output }: CommandContext): OperatorLog {
  const write = (level: 'info' | 'warn', message: string, fields: Record<string, unknown> = {}): void => {
    const time = new Date().toISOString();
    if (output === 'json') return terminal.write(`${JSON.stringify({ time, level, message, ...fields })}\n`);
    const details = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
    terminal.write(`${[time, level, message, ...details].join('  ')}\n`);
  };
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
  };
}
