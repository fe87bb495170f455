import { metricMeter } from '@temporalio/workflow';
import type { Measurement } from '../../core/measurements/measurement.ts';
import type { Outcome } from '../../core/experiment/stage.ts';

/**
 * Counts an experiment that has ended. Prometheus shows the metrics of all experiments, on the worker's metrics endpoint, as
 * `serin_experiments_total`, `serin_intervals_total` and `serin_time_to_safe_seconds`. The SDK does not count during a replay.
 */
export function countEnd(outcome: Outcome): void {
  const ended = metricMeter.createCounter('serin_experiments', undefined, 'Experiments that have ended, by outcome');
  ended.add(1, { outcome });
}

/** Counts an observed interval by the kind of its measurement. */
export function countInterval(measurement: Measurement['kind']): void {
  const observed = metricMeter.createCounter('serin_intervals', undefined, 'Observed intervals, by what was seen');
  observed.add(1, { measurement });
}

/** Records the time from an abort or a verdict to the accepted write of 100 % baseline. */
export function recordTimeToSafe(ms: number): void {
  const timeToSafe = metricMeter.createHistogram(
    'serin_time_to_safe',
    'float',
    'seconds',
    'From an abort or a verdict to the accepted write of 100 % baseline',
  );
  timeToSafe.record(ms / 1000);
}
