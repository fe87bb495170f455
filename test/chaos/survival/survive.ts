import type { Client } from '@temporalio/client';
import type { Sandbox } from '../../../sandbox/index.ts';
import { possibleDisturbances } from './disturbances.ts';
import { openLane } from './lane.ts';
import { SharedParts } from './lock.ts';
import { possibleMoments } from './moments.ts';
import { planRun } from './plan.ts';
import type { RunPlan } from './plan.ts';
import { runDisturbed } from './run.ts';
import type { RunResult } from './run.ts';

export interface SurvivalOptions {
  readonly numbers: readonly number[];
  readonly seed: number;
  /** Runs at a time. */
  readonly lanes: number;
  /** Whether Temporal suggests it within a run of a few iterations. */
  readonly continuesAsNew: boolean;
  readonly onResult?: (result: RunResult) => void;
}

/** Disturbs runs, several at a time, and returns what became of each. */
export async function survive(
  { sandbox, client }: { readonly sandbox: Sandbox; readonly client: Client },
  { numbers, seed, lanes, continuesAsNew, onResult }: SurvivalOptions,
): Promise<readonly RunResult[]> {
  const shared = new SharedParts();
  const possible = { disturbances: possibleDisturbances(sandbox), moments: possibleMoments({ continuesAsNew }) };
  const waiting: RunPlan[] = numbers.map((number) => planRun(seed, number, possible));
  const results: RunResult[] = [];
  const work = async (_: unknown, index: number): Promise<void> => {
    const lane = await openLane(sandbox, shared, `survival-${index + 1}`);
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      const result = await runDisturbed(client, lane, plan);
      results.push(result);
      onResult?.(result);
    }
    await lane.close();
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return results;
}
