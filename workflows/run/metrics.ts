import { metricMeter } from '@temporalio/workflow';
import type { Measurement } from '../../core/measurements/measurement.ts';
import type { Outcome } from '../../core/experiment/stage.ts';

/**
 * What operators count over all experiments, on the worker's metrics endpoint: names as Prometheus shows them are
 * `serin_experiments_total`, `serin_intervals_total` and `serin_time_to_safe_seconds`. The SDK leaves a replay out.
 */
export function countEnd(outcome: Outcome): void {
  const ended = metricMeter.createCounter('serin_experiments', undefined, 'Experiments that have ended, by outcome');
  ended.add(1, { outcome });
}

export function countInterval(measurement: Measurement['kind']): void {
  const observed = metricMeter.createCounter('serin_intervals', undefined, 'Observed intervals, by what was seen');
  observed.add(1, { measurement });
}

/** From the abort or the verdict to the accepted write of 100 % baseline. */
export function recordTimeToSafe(ms: number): void {
  const timeToSafe = metricMeter.createHistogram(
    'serin_time_to_safe',
    'float',
    'seconds',
    'From an abort or a verdict to the accepted write of 100 % baseline',
  );
  timeToSafe.record(ms / 1000);
}
