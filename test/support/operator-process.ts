import { fileURLToPath } from 'node:url';
import type { Sandbox, SupervisedProcess } from '../../sandbox/index.ts';

export interface OperatorProcessOptions {
  readonly name: string;
  readonly taskQueue: string;
  /** Operators of different tests do not see each other's Experiments. */
  readonly watchNamespace: string;
  /** Default: the sandbox's. */
  readonly temporalAddress?: string;
}

const serin = fileURLToPath(new URL('../../client/serin.ts', import.meta.url));

/** Starts `serin operator` as a process of its own, with the rights of its service account. */
export async function startOperatorProcess(
  sandbox: Sandbox,
  { name, taskQueue, watchNamespace, temporalAddress = sandbox.temporal.address }: OperatorProcessOptions,
): Promise<SupervisedProcess> {
  return sandbox.run({
    name,
    command: process.execPath,
    args: [serin, 'operator', '--task-queue', taskQueue, '--watch-namespace', watchNamespace],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      TEMPORAL_ADDRESS: temporalAddress,
      KUBECONFIG: sandbox.operatorKubeconfig,
    },
  });
}
