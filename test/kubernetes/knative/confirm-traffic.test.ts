import { expect, test, vi } from 'vitest';
import { confirmTraffic } from '../../../kubernetes/knative/confirm-traffic.ts';
import type { KnativeService } from '../../../kubernetes/knative/objects.ts';
import { aService } from '../../support/knative.ts';

const shares = [
  { revision: 'v1', percent: 90 },
  { revision: 'v2', percent: 10 },
];
const confirmed = aService(shares.map(({ revision, percent }) => ({ revisionName: revision, percent })));

function serviceWith(status: KnativeService['status']): KnativeService {
  return { ...confirmed, status: { ...confirmed.status, ...status } };
}

const unready = {
  type: 'RoutesReady',
  status: 'False',
  reason: 'RevisionMissing',
  message: 'v2 is not ready',
} as const;

test.each([
  [{ observedGeneration: 0 }, 'Knative has not looked at the change yet'],
  [{ conditions: [unready] }, 'RoutesReady: RevisionMissing: v2 is not ready'],
  [{ conditions: [] }, 'RoutesReady: RoutesReady is not reported yet'],
  [{ traffic: [{ revisionName: 'v1', percent: 100 }] }, 'status.traffic is v1 100 %'],
])('traffic is not confirmed while the status says %o', async (status, doubt) => {
  const readWritten = async (): Promise<KnativeService> => serviceWith(status);
  expect(await confirmTraffic({ shares, readWritten, limitMs: 0, pause: async () => true })).toBe(doubt);
});

test('traffic is confirmed as soon as generation, routes and percents agree', async () => {
  const readWritten = vi.fn(async () => confirmed).mockResolvedValueOnce(serviceWith({ observedGeneration: 0 }));
  const pause = vi.fn(async () => true);
  expect(await confirmTraffic({ shares, readWritten, limitMs: 60_000, pause })).toBeUndefined();
  expect([readWritten.mock.calls.length, pause.mock.calls.length]).toEqual([2, 1]);
});

test('an interrupted confirmation ends with what it saw last', async () => {
  const readWritten = async (): Promise<string> => 'the API server is busy';
  const pause = async (): Promise<boolean> => false;
  expect(await confirmTraffic({ shares, readWritten, limitMs: 60_000, pause })).toBe('the API server is busy');
});
