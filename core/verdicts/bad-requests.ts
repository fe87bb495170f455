import type { Experiment, Objective } from '../experiment/experiment.ts';
import { metricFacts } from '../experiment/metric.ts';
import type { Counts } from '../measurements/measurement.ts';
import { countErrors } from '../measurements/metric-value.ts';
import { exceedances } from '../stats/exceedance.ts';

/** The requests of an interval, and how many of them were bad: at most, for a pass, and at least, for a fail. */
export interface BadRequests {
  readonly requests: number;
  readonly atMost: number;
  readonly atLeast: number;
}

/** Counts the requests of an interval that are bad for a share objective: errors, or requests over the latency limit. */
export function badRequests(
  counts: Counts,
  { objective, errorClass }: { readonly objective: Objective; readonly errorClass: Experiment['errorClass'] },
): BadRequests {
  if (metricFacts(objective.metric).kind.kind === 'tail-latency') {
    return exceedances(counts.buckets, objective.upperLimit ?? Infinity);
  }
  const errors = countErrors(counts, errorClass);
  return { requests: counts.requests, atMost: errors, atLeast: errors };
}
