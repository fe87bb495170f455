import { setTimeout as delay } from 'node:timers/promises';
import { readRunHistory } from '../history.ts';
import type { RunHistory } from '../history.ts';
import { countRequests } from './audit.ts';
import { startControllers } from './controllers.ts';
import type { Controllers } from './controllers.ts';
import { startExporter } from './exporter.ts';
import { inTurns } from '../in-turns.ts';
import { readScaleOptions } from './options.ts';
import type { ScaleOptions } from './options.ts';
import { startParts } from './parts.ts';
import type { Parts } from './parts.ts';
import { Sampler } from './processes.ts';
import { printFigures } from './print.ts';
import { findUnreplayable } from './replay.ts';
import { connectTemporal, startRuns } from './runs.ts';
import { listTargets, makeTargets } from './targets.ts';
import type { Target } from './targets.ts';
import { startWorkers } from './workers.ts';

/**
 * Many experiments at once on real parts: etcd and an API server with RBAC and audit log, a Prometheus that scrapes one exporter,
 * Temporal's development server, and workers started as the image starts them. Only Knative's controllers have a stand-in. Prints
 * figures; asserts nothing.
 */
const options = readOptions();
/** What a worker needs to settle, and then how long the parts are left alone, to see what they cost by themselves. */
const [settlingSeconds, idleSeconds] = [10, 20];
let controllers: Controllers | undefined;
const targets = listTargets(options);
const exporter = await startExporter(targets, options, () => controllers?.percents ?? new Map<string, number>());
const parts = await startParts(options, exporter.address);
try {
  await makeTargets(parts.cluster, targets);
  controllers = startControllers(parts.cluster);
  await startWorkers(parts, options);
  await measure(parts, targets, options);
} finally {
  await controllers?.stop();
  await parts.stop();
  await exporter.close();
}
process.exit(0);

function readOptions(): ScaleOptions {
  try {
    return readScaleOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

async function measure(world: Parts, on: readonly Target[], chosen: ScaleOptions): Promise<void> {
  await delay(settlingSeconds * 1000);
  const sampler = new Sampler(world.processes);
  const temporal = await connectTemporal(world.temporalAddress);
  try {
    note(`${chosen.workers} workers poll; ${idleSeconds} s without experiments`);
    await delay(idleSeconds * 1000);
    const startedMs = Date.now();
    const handles = await startRuns(temporal, on, chosen);
    note(`${handles.length} experiments started over ${chosen.spreadSeconds} s; waiting for their ends`);
    const ends = await Promise.all(handles.map(async (handle) => (await handle.result()).outcome));
    sampler.stop();
    const endedMs = Date.now();
    const histories = await inTurns(8, handles, async (handle) => readRunHistory(await handle.fetchHistory()));
    const steady = steadyWindow(histories);
    const requests = {
      steady: await countRequests(world.auditLog, steady),
      starting: await countRequests(world.auditLog, { fromMs: startedMs, toMs: steady.fromMs }),
    };
    note('replaying all histories');
    const unreplayable = await findUnreplayable(handles);
    printFigures({ unreplayable, options: chosen, sampler, startedMs, endedMs, histories, steady, requests, ends });
  } finally {
    sampler.stop();
    await temporal.close();
  }
}

/** While all run: from the last one's first interval to the first one's last iteration. */
function steadyWindow(histories: readonly RunHistory[]): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = Math.max(...histories.map(({ runningMs }) => runningMs));
  const toMs = Math.min(...histories.map(({ endingMs }) => endingMs));
  if (toMs - fromMs >= 5_000) return { fromMs, toMs };
  throw new Error('the experiments never all ran at once: take more --iterations or a shorter --spread');
}

function note(text: string): void {
  console.error(text);
}
