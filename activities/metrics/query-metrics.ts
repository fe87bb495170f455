import { setTimeout as delay } from 'node:timers/promises';
import { isFailing } from '../../core/planner/guard.ts';
import { judgeAll } from '../../core/planner/judge-all.ts';
import { noCounts } from '../../core/measurements/measurement.ts';
import type { Counts, RunMeasurement } from '../../core/measurements/measurement.ts';
import { defined } from '../../core/text/defined.ts';
import type { TargetObservation } from '../../core/traffic/target.ts';
import type { CalendarInput, CalendarReport } from '../../contract/calendar.ts';
import type { GuardInput, GuardResult, Observation, QueryMetricsInput } from '../../contract/observation.ts';
import type { MetricBackEnds } from '../../metrics/providers/provider.ts';
import { withDefinedMetrics } from './defined-metrics.ts';
import type { PrometheusAccess } from '../../metrics/prometheus/access.ts';
import { KnownPacks } from '../../metrics/prometheus/known-packs.ts';
import { measure } from '../../metrics/prometheus/measure.ts';
import type { MeasureInput } from '../../metrics/prometheus/measure.ts';
import type { PodCounts } from '../../metrics/prometheus/out-of-sight.ts';

/** What the activity needs from its worker. */
export interface QueryMetricsDependencies {
  readonly prometheusUrl: string;
  readonly access?: PrometheusAccess;
  readonly scrapeIntervalMs: number;
  /** The Knative Service and all versions' revisions as the cluster reports them now; an unreachable cluster is data. */
  readonly observeTarget: (input: QueryMetricsInput, signal: AbortSignal) => Promise<TargetObservation>;
  /** What the calendars of the experiment say. */
  readonly askCalendars: (input: CalendarInput) => Promise<CalendarReport>;
  /** Where user-defined metrics are read from. */
  readonly backEndsOf: (input: QueryMetricsInput) => MetricBackEnds;
  /** The cancellation of the running activity. */
  readonly cancellationSignal: () => AbortSignal;
  /** Sends heartbeats of the running activity meanwhile. */
  readonly heartbeats: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Creates the activities that observe metrics: with the target at the same time, and again and again between two iterations. */
export function createMetricsActivities(dependencies: QueryMetricsDependencies) {
  const { prometheusUrl: baseUrl, access, scrapeIntervalMs } = dependencies;
  const { observeTarget, askCalendars, backEndsOf, cancellationSignal, heartbeats } = dependencies;
  const knownPacks = new KnownPacks();

  async function queryMetrics(input: QueryMetricsInput): Promise<Observation> {
    const nowMs = Date.now();
    const signal = cancellationSignal();
    const observed = observeTarget(input, signal);
    const countPods = async (): Promise<PodCounts> => podCounts(await observed);
    const [measurement, target, { closed }] = await Promise.all([
      measureAll(input, { nowMs, signal, countPods }),
      observed,
      askCalendars(input),
    ]);
    return { atMs: nowMs, measurement, target, ...defined({ closed, promoted: input.promoted }) };
  }

  async function guardCandidates({ query, judge, everyMs, untilMs }: GuardInput): Promise<GuardResult> {
    const signal = cancellationSignal();
    const countPods = async (): Promise<PodCounts> => podCounts(await observeTarget(query, signal));
    const betweenMs = Math.max(everyMs, scrapeIntervalMs);
    while (Date.now() + betweenMs < untilMs) {
      await delay(betweenMs, undefined, { signal });
      const measurement = await measureAll(query, { nowMs: Date.now(), signal, countPods });
      if (measurement.kind !== 'measured') continue;
      if (isFailing(judgeAll({ ...judge, measurement, shown: false }))) return { isFailing: true };
    }
    return { isFailing: false };
  }

  async function measureAll(
    input: QueryMetricsInput,
    { nowMs, signal, countPods }: Required<Pick<MeasureInput, 'signal' | 'countPods'>> & { readonly nowMs: number },
  ): Promise<RunMeasurement> {
    const { counted, defined: definitions, askedAtMs = nowMs } = input;
    const hasOtherMetrics = definitions !== undefined;
    // A worker whose clock is behind would take the beginning of the first interval for the future.
    const behindMs = Math.max(0, askedAtMs - nowMs);
    const now = (): number => Date.now() + behindMs;
    const store = { baseUrl, access, scrapeIntervalMs, knownPacks };
    const measured =
      counted === undefined
        ? await measure({ ...input, ...store, now, signal, countPods, hasOtherMetrics })
        : ofLoad(counted, { fromMs: input.fromMs, toMs: nowMs });
    return definitions === undefined
      ? measured
      : withDefinedMetrics(measured, definitions, { backEnds: backEndsOf(input), nowMs, signal });
  }

  return { queryMetrics, guardCandidates: (input: GuardInput) => heartbeats(() => guardCandidates(input)) };
}

function podCounts(target: TargetObservation): PodCounts {
  return target.kind === 'observed' ? target.revisions.map((state) => ('pods' in state ? state.pods : undefined)) : [];
}

/** The measurement of an interval of the experiment's own load: what the load counted. */
function ofLoad(
  [baseline = noCounts, ...candidates]: readonly Counts[],
  window: { readonly fromMs: number; readonly toMs: number },
): RunMeasurement {
  return { kind: 'measured', ...window, baseline, candidates };
}
