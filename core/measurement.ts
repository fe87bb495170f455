import type { MetricName } from './experiment.ts';
import { forPercentiles } from './percentile.ts';

/** One cumulative histogram bucket: `count` requests took at most `le` milliseconds; the last has `le: null` (+Inf). */
export interface Bucket {
  readonly le: number | null;
  readonly count: number;
}

/** What one version answered in a window of time, from raw counters. Additive: windows can be summed. */
export interface Counts {
  readonly requests: number;
  /** Responses of class 5xx. */
  readonly errors5xx: number;
  /** Responses outside class 2xx. */
  readonly errorsNot2xx: number;
  readonly latencySumMs: number;
  /** Cumulative and ascending; empty when there was no request. */
  readonly buckets: readonly Bucket[];
}

/** The metrics of one interval, or why there are none. Times are epoch milliseconds; the window is (fromMs, toMs]. */
export type Measurement =
  | {
      readonly kind: 'measured';
      readonly fromMs: number;
      readonly toMs: number;
      readonly baseline: Counts;
      readonly candidate: Counts;
      /** What the back end was asked, and how much it answered; the answers themselves are not kept. */
      readonly asked?: readonly Question[];
    }
  /** The back end did not answer: nothing is known about the versions. */
  | { readonly kind: 'blind'; readonly reason: string }
  /** The back end answered, but its answer cannot be used (two series for one value, torn histogram). */
  | { readonly kind: 'error'; readonly reason: string };

/** A query to the metrics back end, as it was sent, and the size of its answer. */
export interface Question {
  readonly query: string;
  readonly atMs: number;
  readonly series: number;
  readonly samples: number;
}

export const noCounts: Counts = { requests: 0, errors5xx: 0, errorsNot2xx: 0, latencySumMs: 0, buckets: [] };

export const metricUnits: Readonly<Record<MetricName, string | undefined>> = {
  'request-count': undefined,
  'mean-latency': 'milliseconds',
  ...forPercentiles('milliseconds'),
  'error-count': undefined,
  'error-rate': undefined,
};
