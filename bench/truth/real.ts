import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Checkpoint, RunMeasurement } from '../../core/measurements/measurement.ts';
import { measure } from '../../metrics/prometheus/measure.ts';
import { makeBase } from '../../sandbox/base.ts';
import { RequestRecorder } from '../../sandbox/metrics/recorder.ts';
import { serveMetrics } from '../../sandbox/metrics/server.ts';
import { startSupervision } from '../../sandbox/processes/supervision.ts';
import { resolveSandboxTools } from '../../sandbox/tools/resolve.ts';
import { answerRequests } from './pod.ts';
import type { TruthRow } from './row.ts';
import { startStores } from './stores.ts';
import type { Store } from './stores.ts';

const scrapeIntervalMs = 5_000;
const trafficMs = 60_000;
const skews = [0, 5 * 60_000, -5 * 60_000];
const intervals = [10_000, 12_000, 30_000];

/** Lets readers observe all stores at the same time, with every interval, each with one of the clocks. */
export async function observeRealStores(isWanted: (store: string) => boolean): Promise<readonly TruthRow[]> {
  const recorder = new RequestRecorder();
  const metrics = await serveMetrics(recorder, 'legacy');
  const stateDirectory = await mkdtemp(join(tmpdir(), 'serin-truth-'));
  await mkdir(join(stateDirectory, 'logs'));
  const supervision = startSupervision(stateDirectory);
  try {
    const base = makeBase({ supervision, stateDirectory, tools: await resolveSandboxTools() });
    const target = `127.0.0.1:${metrics.port}`;
    const started = await startStores(base, { scrapeIntervalMs, target });
    const stores = started.stores.filter(({ name }) => isWanted(name));
    const { receiverUrl } = started;
    try {
      // First scrapes, so that what begins later is known to be new; those of the slowest store have shown too.
      await delay(4 * scrapeIntervalMs + Math.max(0, ...stores.map(({ lagMs }) => lagMs)));
      const fromMs = Date.now();
      const readers = stores.flatMap((store, place) =>
        intervals.map((intervalMs, index) => {
          return { store, skewMs: skews[(place + index) % skews.length] ?? 0, intervalMs, fromMs };
        }),
      );
      const pod = { recorder, receiverUrl, trafficMs, pushEveryMs: scrapeIntervalMs };
      const [answered, ...read] = await Promise.all([answerRequests(pod), ...readers.map(observe)]);
      return read.map((row) => ({ ...row, answered }));
    } finally {
      await started.close();
    }
  } finally {
    await supervision.stop();
    await metrics.close();
  }
}

interface Reader {
  readonly store: Store;
  readonly skewMs: number;
  readonly intervalMs: number;
  readonly fromMs: number;
}

async function observe({ store, skewMs, intervalMs, ...reader }: Reader): Promise<Omit<TruthRow, 'answered'>> {
  const measurements: RunMeasurement[] = [];
  let fromMs = reader.fromMs - skewMs;
  let checkpoint: Checkpoint | undefined;
  let counted = 0;
  // One interval more, since a store may answer in part.
  const endMs = Date.now() + trafficMs + store.lagMs + 2 * intervalMs + 2 * scrapeIntervalMs;
  while (Date.now() < endMs) {
    await delay(intervalMs);
    const measurement = await measure({
      ...store.place,
      scrapeIntervalMs,
      target: { namespace: 'default', name: 'app' },
      revisions: ['app-v1', 'app-v2'],
      fromMs,
      ...(checkpoint === undefined ? {} : { checkpoint }),
      now: () => Date.now() - skewMs,
      signal: new AbortController().signal,
    });
    measurements.push(measurement);
    if (measurement.kind !== 'measured') continue;
    ({ toMs: fromMs, checkpoint } = measurement);
    counted += measurement.candidates.reduce((sum, { requests }) => sum + requests, 0);
  }
  return { store: store.name, lagMs: store.lagMs, shown: 'constant', skewMs, intervalMs, counted, measurements };
}
