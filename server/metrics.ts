import { Hono } from 'hono';
import { Gauge, Registry } from 'prom-client';
import type { ListedExperiment } from './api.ts';
import { listen } from './listen.ts';
import type { Listening } from './listen.ts';
import type { ListReading, ReadRuns } from './runs.ts';

/** How long after a scrape the list is kept new, ms. */
const keptMs = 90_000;

/** How long a first scrape waits for the list, ms. */
const patienceMs = 9_000;

/**
 * Serves metrics of the experiments that are open, for Prometheus, to whoever reaches the address: targets, weights, and who is needed,
 * no names of people and no reasons. Their labels are targets, stages and kinds: as many series as there are targets.
 */
export async function serveMetrics(
  runs: Pick<ReadRuns, 'watchList'>,
  listenAt: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const latest = keepLatest(runs);
  const app = new Hono();
  app.get('/metrics', async (context) => {
    const reading = await latest.read();
    if (reading === undefined) return context.text('the list of experiments was not read in time\n', 503);
    const registry = describeList(reading);
    return context.text(await registry.metrics(), 200, { 'content-type': registry.contentType });
  });
  const listening = await listen(app, listenAt);
  return {
    port: listening.port,
    close: async () => {
      latest.stop();
      await listening.close();
    },
  };
}

/** Watches the list as long as somebody scrapes. */
function keepLatest(runs: Pick<ReadRuns, 'watchList'>) {
  let watching: AbortController | undefined;
  let first = Promise.withResolvers<void>();
  let reading: ListReading | undefined;
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    watching?.abort();
    watching = undefined;
    reading = undefined;
    first = Promise.withResolvers<void>();
  };
  const watch = async (signal: AbortSignal): Promise<void> => {
    for await (const next of runs.watchList(signal)) {
      reading = next;
      first.resolve();
    }
  };
  return {
    stop,
    read: async (): Promise<ListReading | undefined> => {
      clearTimeout(timer);
      timer = setTimeout(stop, keptMs).unref();
      if (watching === undefined) {
        watching = new AbortController();
        // A list that cannot be watched is one that is not there in time.
        watch(watching.signal).catch(stop);
      }
      const late = AbortSignal.timeout(patienceMs);
      await Promise.race([
        first.promise,
        new Promise<void>((resolve) => late.addEventListener('abort', () => resolve())),
      ]);
      return reading;
    },
  };
}

/** The metrics of a list. */
export function describeList({ experiments, note }: ListReading): Registry {
  const registry = new Registry();
  const gauge = <T extends string>(name: string, help: string, ...labelNames: readonly T[]): Gauge<T> =>
    new Gauge<T>({ name, help, labelNames: [...labelNames], registers: [registry] });
  const isRead = gauge('serin_list_read', 'Whether the list of experiments could be read: else the others are old');
  isRead.set(note === undefined ? 1 : 0);
  const open = gauge('serin_experiments_open', 'Experiments that have not ended', 'target', 'stage');
  const weight = gauge(
    'serin_candidate_weight_percent',
    'What the candidates of the experiment that moves traffic have of it together',
    'target',
  );
  const attention = gauge(
    'serin_attention',
    'Experiments at which somebody should look, by why; unsafe: it has ended, and may have left traffic on a candidate',
    'target',
    'reason',
  );
  const observed = gauge(
    'serin_last_observation_timestamp_seconds',
    'When the experiment that runs was last observed and judged',
    'target',
  );
  for (const experiment of experiments) {
    const { target = '', stage = '', isClosed, observedAtMs } = experiment;
    if (experiment.attention !== undefined) attention.inc({ target, reason: experiment.attention });
    if (isClosed) continue;
    open.inc({ target, stage });
    if (!movesTraffic(experiment)) continue;
    weight.set(
      { target },
      experiment.weights.reduce((sum, one) => sum + one, 0),
    );
    if (observedAtMs !== undefined) observed.set({ target }, observedAtMs / 1000);
  }
  return registry;
}

/** Others of the same target wait. */
function movesTraffic({ stage }: ListedExperiment): boolean {
  return stage === 'Running' || stage === 'Finishing';
}
