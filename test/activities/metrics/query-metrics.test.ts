import { describe, expect, test } from 'vitest';
import { createMetricsActivities } from '../../../activities/metrics/query-metrics.ts';
import type { TargetObservation } from '../../../core/traffic/target.ts';
import { freePort } from '../../../sandbox/processes/ports.ts';

const input = {
  namespace: 'default',
  target: { namespace: 'default', name: 'app' },
  revisions: ['app-v1', 'app-v2'],
  fromMs: 0,
};

async function activity(observeTarget: (signal: AbortSignal) => Promise<TargetObservation>, signal: AbortSignal) {
  return createMetricsActivities({
    prometheusUrl: `http://127.0.0.1:${await freePort()}`,
    scrapeIntervalMs: 1000,
    observeTarget: (_, cancellation) => observeTarget(cancellation),
    askCalendars: async () => ({ hasCalendar: false }),
    backEndsOf: () => ({
      prometheusUrl: '',
      readSecret: () => Promise.resolve(undefined),
      request: () => expect.fail('no request over HTTP'),
    }),
    cancellationSignal: () => signal,
    heartbeats: (work) => work(),
  });
}

describe('queryMetrics', () => {
  test('answers with the target even while the metrics are out of sight, and with the time of the look', async () => {
    const beforeMs = Date.now();
    const signal = new AbortController().signal;
    const { queryMetrics } = await activity(() => Promise.resolve({ kind: 'gone' }), signal);
    const observation = await queryMetrics(input);
    expect(observation.target).toEqual({ kind: 'gone' });
    expect(observation.measurement.kind).toBe('blind');
    expect(observation.atMs).toBeGreaterThanOrEqual(beforeMs);
    expect(observation.atMs).toBeLessThanOrEqual(Date.now());
  });

  test('hands the cancellation of the activity to both looks', async () => {
    const cancelled = new Error('activity cancelled');
    const controller = new AbortController();
    controller.abort(cancelled);
    let observed: AbortSignal | undefined;
    const { queryMetrics } = await activity((signal) => {
      observed = signal;
      return Promise.resolve({ kind: 'gone' });
    }, controller.signal);
    await expect(queryMetrics(input)).rejects.toBe(cancelled);
    expect(observed).toBe(controller.signal);
  });
});
