import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { workflowType } from '../../contract/names.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';
import type { ScaleOptions } from './options.ts';
import type { Target } from './targets.ts';

export interface TemporalClient {
  readonly client: Client;
  readonly close: () => Promise<void>;
}

export async function connectTemporal(address: string): Promise<TemporalClient> {
  const connection = await Connection.connect({ address });
  return { client: new Client({ connection }), close: () => connection.close() };
}

/** Starts an experiment on each target, evenly over the time of the option, and returns their handles. */
export async function startRuns(
  { client }: TemporalClient,
  targets: readonly Target[],
  options: ScaleOptions,
): Promise<readonly WorkflowHandle[]> {
  const startedAtMs = performance.now();
  const stepMs = (options.spreadSeconds * 1000) / targets.length;
  const starts: Promise<WorkflowHandle>[] = [];
  for (const [index, target] of targets.entries()) {
    await delay(Math.max(0, startedAtMs + index * stepMs - performance.now()));
    const workflowId = `experiment/${target.namespace}/${target.name}`;
    const args: [object] = [manifest(target, options)];
    starts.push(client.workflow.start<ExperimentWorkflow>(workflowType, { taskQueue: 'serin', workflowId, args }));
  }
  return Promise.all(starts);
}

/** Loose objectives on what serin measures in each iteration, and steps that reach 100 % only with the last iteration. */
function manifest(
  { namespace, name, baseline, candidate, shifts }: Target,
  { intervalSeconds, iterations }: ScaleOptions,
): object {
  const increment = `${Math.floor(100 / iterations)}%`;
  return {
    apiVersion: 'serin.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { name, namespace },
    spec: {
      target: name,
      versions: { baseline: { revision: baseline }, candidates: [{ revision: candidate }] },
      objectives: [
        { metric: 'error-rate', max: '5%' },
        { metric: 'latency-95th-percentile', max: '2000ms' },
      ],
      traffic: shifts ? { increment } : { deployment: 'FixedSplit' },
      analysis: { undecided: 'pointEstimate' },
      interval: `${intervalSeconds}s`,
      iterations,
    },
  };
}
