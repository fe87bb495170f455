import { fileURLToPath } from 'node:url';
import type { Sandbox, SupervisedProcess } from '../../sandbox/index.ts';

export interface OperatorProcessOptions {
  readonly name: string;
  readonly taskQueue: string;
  /** Operators of different tests do not see each other's Experiments. Absent: all, so that the test has to stop it. */
  readonly watchNamespace?: string;
  /** Default: serin's own. */
  readonly maxRunsPerNamespace?: number;
  /** Default: the sandbox's. */
  readonly temporalAddress?: string;
}

const serin = fileURLToPath(new URL('../../client/serin.ts', import.meta.url));

/** Starts `serin operator` as a process of its own, with the rights of its service account. */
export async function startOperatorProcess(
  sandbox: Sandbox,
  options: OperatorProcessOptions,
): Promise<SupervisedProcess> {
  const { name, taskQueue, watchNamespace, maxRunsPerNamespace, temporalAddress = sandbox.temporal.address } = options;
  const watching = watchNamespace === undefined ? [] : ['--watch-namespace', watchNamespace];
  const limiting = maxRunsPerNamespace === undefined ? [] : ['--max-runs-per-namespace', String(maxRunsPerNamespace)];
  return sandbox.run({
    name,
    command: process.execPath,
    args: [serin, 'operator', '--task-queue', taskQueue, ...watching, ...limiting],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      TEMPORAL_ADDRESS: temporalAddress,
      KUBECONFIG: sandbox.operatorKubeconfig,
    },
  });
}
