import { expect, test } from 'vitest';
import { KnownPacks } from '../../../metrics/prometheus/known-packs.ts';
import type { Prometheus, Series } from '../../../metrics/prometheus/prometheus.ts';
import { readCounters } from '../../../metrics/prometheus/readings.ts';

const legacy = 'revision_app_request_latencies';
const openTelemetry = 'kn_serving_invocation_duration_seconds';
const [baseline, candidate] = ['app-v1', 'app-v2'];

/** A store with the families of each revision, and the families that it was asked for. */
function storeWith(families: Record<string, readonly string[]>) {
  const asked = new Set<string>();
  const prometheus: Prometheus = {
    matchers: '',
    ask: async ({ query }) => {
      const [name = ''] = /^\w+/.exec(query) ?? [];
      asked.add(name.replace(/_(bucket|sum|count)$/, ''));
      return Object.entries(families).flatMap(([revision, some]) =>
        some.some((family) => name.startsWith(`${family}_`)) ? [aSeries(name, revision)] : [],
      );
    },
  };
  return { prometheus, asked };
}

function aSeries(name: string, revision: string): Series {
  const own = name.startsWith(legacy)
    ? { namespace_name: 'shop', revision_name: revision, pod_name: 'pod', response_code: '200' }
    : { k8s_namespace_name: 'shop', kn_revision_name: revision, k8s_pod_name: 'pod', http_response_status_code: '200' };
  const labels = { __name__: name, ...own, ...(name.endsWith('_bucket') ? { le: '+Inf' } : {}) };
  return { labels, samples: [{ atMs: 0, value: 1 }] };
}

const readAt = async (prometheus: Prometheus, known: KnownPacks, toMs: number): Promise<ReadonlySet<string>> => {
  const request = { namespace: 'shop', revisions: [baseline, candidate], rangeMs: 60_000, toMs };
  const readings = await readCounters(prometheus, request, { packs: known });
  return new Set(readings.map(({ family }) => family));
};

test('asks only for the kind of request metrics that a target had', async () => {
  const known = new KnownPacks();
  const { prometheus, asked } = storeWith({ [baseline]: [legacy], [candidate]: [legacy] });
  await readAt(prometheus, known, 0);
  expect(asked).toContain(openTelemetry);
  asked.clear();
  expect(await readAt(prometheus, known, 12_000)).toEqual(new Set([legacy]));
  expect([...asked]).toEqual([legacy]);
});

test('finds a kind that begins beside the known one within a minute', async () => {
  const known = new KnownPacks();
  const families: Record<string, readonly string[]> = { [baseline]: [legacy], [candidate]: [legacy] };
  const { prometheus } = storeWith(families);
  await readAt(prometheus, known, 0);
  families[candidate] = [legacy, openTelemetry];
  expect(await readAt(prometheus, known, 12_000)).toEqual(new Set([legacy]));
  expect(await readAt(prometheus, known, 60_000)).toEqual(new Set([legacy, openTelemetry]));
});

test('asks for all kinds while a revision has none of the known ones', async () => {
  const known = new KnownPacks();
  const families: Record<string, readonly string[]> = { [baseline]: [legacy], [candidate]: [legacy] };
  const { prometheus } = storeWith(families);
  await readAt(prometheus, known, 0);
  families[candidate] = [openTelemetry];
  expect(await readAt(prometheus, known, 12_000)).toEqual(new Set([legacy, openTelemetry]));
});
