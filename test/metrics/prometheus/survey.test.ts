import { afterEach, describe, expect, test } from 'vitest';
import { connectPrometheus } from '../../../metrics/prometheus/prometheus.ts';
import { surveyRevisions } from '../../../metrics/prometheus/survey.ts';
import { identityAttributes, pushHistograms } from '../../support/otlp-push.ts';
import { startPrometheus } from '../../support/prometheus-server.ts';
import { queueProxySeries } from '../../support/queue-proxy-series.ts';
import type { PodSeries } from '../../support/queue-proxy-series.ts';
import { startScriptedStore } from '../../support/scripted-store.ts';
import type { ScriptedSeries, ScriptedStore } from '../../support/scripted-store.ts';

const scrapeIntervalMs = 10_000;
const windowMs = 300_000;
const { signal } = new AbortController();

let store: Pick<ScriptedStore, 'close'> | undefined;
afterEach(() => store?.close());

async function survey(url: string, { namespace = 'shop', nowMs = Date.now() } = {}) {
  const prometheus = connectPrometheus({ baseUrl: url, signal, limitMs: 20_000 });
  const request = { namespace, revisions: ['app-v2'], now: () => nowMs, windowMs, scrapeIntervalMs };
  return surveyRevisions(prometheus, request);
}

describe('a survey of a real Prometheus', () => {
  test.each([
    { shape: 'classic histograms', options: { promotedAttributes: identityAttributes } },
    {
      shape: 'native histograms',
      options: { promotedAttributes: identityAttributes, otlp: { convert_histograms_to_nhcb: true } },
    },
    { shape: 'histograms of targets', options: {} },
  ])('tells who counts, since when and how much, of $shape', async ({ options }) => {
    const prometheus = await startPrometheus(options);
    store = { close: () => prometheus.remove() };
    const newestMs = Date.now() - 2 * scrapeIntervalMs;
    for (const [index, total] of [100, 150, 210].entries())
      for (const pod of ['pod-1', 'pod-2'])
        await pushHistograms(prometheus, {
          revision: 'app-v2',
          pod,
          atMs: newestMs - (2 - index) * scrapeIntervalMs,
          histograms: [{ code: 200, bucketCounts: [0, total, 0], sum: total * 0.01 }],
          boundary: 0.075,
        });
    expect(await survey(prometheus.url, { namespace: 'default' })).toMatchObject({
      kind: 'observed',
      revisions: [{ revision: 'app-v2', pods: 2, scrapes: 3, requests: 220, newestMs }],
    });
  });
});

describe('a survey', () => {
  const nowMs = Date.parse('2026-11-29T12:00:00Z');

  /** Ten minutes of scrapes, the newest so old. */
  function scrapes(ageMs = 0, requests = 1): readonly (readonly [number, number])[] {
    const count = 600_000 / scrapeIntervalMs;
    return Array.from({ length: count }, (_, index) => {
      return [nowMs - ageMs - (count - 1 - index) * scrapeIntervalMs, 100 + index * requests] as const;
    });
  }

  async function surveyOf(series: readonly ScriptedSeries[]) {
    const scripted = await startScriptedStore({ nowMs, series });
    store = scripted;
    return { found: await survey(scripted.url, { nowMs }), questions: scripted.requests.map(({ query }) => query) };
  }

  const pods = (...list: readonly Partial<PodSeries>[]): ScriptedSeries[] =>
    list.flatMap((one) => queueProxySeries({ counts: scrapes(), ...one }));

  /** The longest range over which buckets are asked for, ms. */
  function longestRange(questions: readonly string[], name: string): number {
    const ranges = questions.flatMap((query) => {
      return query.startsWith(name) ? [Number(/\[(\d+)ms\]$/.exec(query)?.[1] ?? 0)] : [];
    });
    return Math.max(...ranges);
  }

  test.each([0, 60_000])('reads the buckets of the latest scrapes alone, %i ms late as they may be', async (ageMs) => {
    const { found, questions } = await surveyOf(pods({ counts: scrapes(ageMs) }));
    const lateness = nowMs - ageMs;
    expect(found).toMatchObject({ revisions: [{ pods: 1, newestMs: lateness }] });
    expect(longestRange(questions, 'revision_app_request_latencies_bucket')).toBe(ageMs + 2 * scrapeIntervalMs);
    expect(longestRange(questions, 'revision_app_request_latencies_count')).toBe(windowMs);
  });

  test('reads native histograms of the latest scrapes alone, and of the others their counts', async () => {
    const family = 'kn_serving_invocation_duration_seconds';
    const labels = {
      __name__: family,
      k8s_namespace_name: 'shop',
      kn_revision_name: 'app-v2',
      k8s_pod_name: 'pod-1',
      http_response_status_code: '200',
    };
    const histograms = scrapes().map(([atMs, count]) => {
      return [atMs, { count: String(count), sum: '1', buckets: [[0, '0.05', '0.075', String(count)]] }] as const;
    });
    const { found, questions } = await surveyOf([{ labels, histograms }]);
    expect(found).toMatchObject({ revisions: [{ pods: 1, requests: 29, scrapes: 30 }] });
    expect(longestRange(questions, `${family}{`)).toBe(2 * scrapeIntervalMs);
  });

  test('finds pods with different buckets, though they have had no request of late', async () => {
    const idle = scrapes(0, 0);
    const more = pods({ pod: 'pod-2', counts: idle });
    const bucket = more.find(({ labels }) => labels['le'] !== undefined) ?? expect.fail('no bucket');
    const finer = { labels: { ...bucket.labels, le: '7' }, samples: idle };
    const { found } = await surveyOf([...pods({ counts: idle }), ...more, finer]);
    expect(found).toMatchObject({ kind: 'unmeasured', reason: expect.stringMatching(/have different buckets: /) });
  });

  test('finds another cluster, though its samples show later than ours', async () => {
    const { found } = await surveyOf(
      pods({ labels: { cluster: 'a' } }, { labels: { cluster: 'b' }, counts: scrapes(60_000) }),
    );
    expect(found).toMatchObject({
      kind: 'unmeasured',
      reason: expect.stringMatching(/differ in cluster \("a", "b"\)/),
    });
  });
});
