import { afterEach, describe, expect, test } from 'vitest';
import type { ListedExperiment } from '../../server/api.ts';
import type { Listening } from '../../server/listen.ts';
import { describeList, serveMetrics } from '../../server/metrics.ts';
import type { ListReading } from '../../server/runs.ts';

const row: ListedExperiment = {
  workflowId: 'experiment/shop/checkout',
  runId: 'run',
  isClosed: false,
  startedAtMs: 0,
  target: 'shop/checkout',
  name: 'shop/checkout-2',
  stage: 'Running',
  weights: [20, 10],
  observedAtMs: 1_700_000_000_500,
};

async function lines(reading: ListReading): Promise<readonly string[]> {
  return (await describeList(reading).metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('the metrics of a list', () => {
  test('have what is so of each target, without names of people or reasons', async () => {
    const headline = { what: 'Waits', why: 'asked by ann', tone: 'call' } as const;
    const waiting = { ...row, runId: 'next', stage: 'Waiting', attention: 'waiting', weights: [] } as const;
    const experiments: readonly ListedExperiment[] = [{ ...row, attention: 'approval', headline }, waiting];
    expect(await lines({ experiments })).toEqual([
      'serin_list_read 1',
      'serin_experiments_open{target="shop/checkout",stage="Running"} 1',
      'serin_experiments_open{target="shop/checkout",stage="Waiting"} 1',
      'serin_candidate_weight_percent{target="shop/checkout"} 30',
      'serin_attention{target="shop/checkout",reason="approval"} 1',
      'serin_attention{target="shop/checkout",reason="waiting"} 1',
      'serin_last_observation_timestamp_seconds{target="shop/checkout"} 1700000000.5',
    ]);
  });

  test('say of an experiment that has ended only that somebody should look', async () => {
    const ended: ListedExperiment = { ...row, isClosed: true, outcome: 'Failed', stage: 'Completed' };
    expect(await lines({ experiments: [ended, { ...ended, attention: 'unsafe' }] })).toEqual([
      'serin_list_read 1',
      'serin_attention{target="shop/checkout",reason="unsafe"} 1',
    ]);
  });

  test('say when the list could not be read', async () => {
    expect(await lines({ experiments: [], note: 'Temporal does not answer' })).toEqual(['serin_list_read 0']);
  });

  test('have as many series as there are targets, whatever experiments there are', async () => {
    const many = Array.from({ length: 200 }, (_, index) => ({
      ...row,
      runId: String(index),
      name: `shop/checkout-${index}`,
      attention: 'waiting' as const,
      stage: 'Waiting',
    }));
    expect(await lines({ experiments: many })).toEqual([
      'serin_list_read 1',
      'serin_experiments_open{target="shop/checkout",stage="Waiting"} 200',
      'serin_attention{target="shop/checkout",reason="waiting"} 200',
    ]);
  });
});

describe('the address of metrics', () => {
  let served: Listening | undefined;
  afterEach(() => served?.close());

  async function scrape(watchList: (signal: AbortSignal) => AsyncIterable<ListReading>) {
    served = await serveMetrics({ watchList }, { host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${served.port}`;
    return (path = '/metrics') => fetch(`${url}${path}`);
  }

  test('shows the list as it was read last, and watches it once for all scrapes', async () => {
    let watches = 0;
    const more = Promise.withResolvers<void>();
    const get = await scrape(async function* watchList() {
      watches += 1;
      yield { experiments: [row] };
      await more.promise;
      yield { experiments: [] };
      await new Promise(() => undefined);
    });
    const first = await get();
    expect(first.headers.get('content-type')).toContain('text/plain');
    expect(await first.text()).toContain('serin_candidate_weight_percent{target="shop/checkout"} 30');
    more.resolve();
    await expect.poll(async () => (await get()).text()).not.toContain('shop/checkout');
    expect(watches).toBe(1);
    expect((await get('/api/experiments')).status).toBe(404);
  });

  test('answers 503 where the list was not read in time', async () => {
    const get = await scrape(async function* watchList() {
      await new Promise(() => undefined);
      yield { experiments: [] };
    });
    expect((await get()).status).toBe(503);
  });
});
