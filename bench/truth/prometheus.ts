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
import { startPrometheus } from '../../sandbox/prometheus/prometheus.ts';
import { resolveSandboxTools } from '../../sandbox/tools/resolve.ts';
import type { TruthRow } from './row.ts';

const scrapeIntervalMs = 5_000;
const trafficMs = 60_000;
const pauseMs = 20;
const skews = [0, 5 * 60_000, -5 * 60_000];
const intervals = [10_000, 12_000];

/** Lets readers with different clocks and intervals observe the sandbox's Prometheus at the same time. */
export async function observePrometheus(): Promise<readonly TruthRow[]> {
  const recorder = new RequestRecorder();
  const metrics = await serveMetrics(recorder, 'legacy');
  const stateDirectory = await mkdtemp(join(tmpdir(), 'serin-truth-'));
  await mkdir(join(stateDirectory, 'logs'));
  const supervision = startSupervision(stateDirectory);
  try {
    const base = makeBase({ supervision, stateDirectory, tools: await resolveSandboxTools() });
    const target = `127.0.0.1:${metrics.port}`;
    const { url } = await startPrometheus(base, { scrapeIntervalMs, target });
    // First scrapes, so that what begins later is known to be new.
    await delay(4 * scrapeIntervalMs);
    const fromMs = Date.now();
    const readers = skews.flatMap((skewMs) => intervals.map((intervalMs) => ({ url, skewMs, intervalMs, fromMs })));
    const [answered, ...read] = await Promise.all([answerRequests(recorder), ...readers.map(observe)]);
    return read.map((row) => ({ ...row, answered }));
  } finally {
    await supervision.stop();
    await metrics.close();
  }
}

/** Answers requests for a while, by a pod that begins now; their number. */
async function answerRequests(recorder: RequestRecorder): Promise<number> {
  const pod = { namespace: 'default', service: 'app', configuration: 'app', revision: 'app-v2', pod: 'app-v2-1' };
  recorder.add(pod);
  const untilMs = Date.now() + trafficMs;
  let count = 0;
  for (; Date.now() < untilMs; count += 1) {
    recorder.record(pod, count % 50 === 0 ? 500 : 200, count % 30);
    await delay(pauseMs);
  }
  return count;
}

interface Reader {
  readonly url: string;
  readonly skewMs: number;
  readonly intervalMs: number;
  readonly fromMs: number;
}

async function observe({ url, skewMs, intervalMs, ...reader }: Reader): Promise<Omit<TruthRow, 'answered'>> {
  const measurements: RunMeasurement[] = [];
  let fromMs = reader.fromMs - skewMs;
  let checkpoint: Checkpoint | undefined;
  let counted = 0;
  const endMs = Date.now() + trafficMs + intervalMs + 2 * scrapeIntervalMs;
  while (Date.now() < endMs) {
    await delay(intervalMs);
    const measurement = await measure({
      baseUrl: url,
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
  return { store: 'Prometheus', shown: 'as scraped', skewMs, intervalMs, counted, measurements };
}
