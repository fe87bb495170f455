import type { Counts, RunMeasurement } from '../../core/measurements/measurement.ts';
import type { MetricReading } from '../../core/experiment/metric-definition.ts';
import type { MetricDefinitions } from '../../core/experiment/metric.ts';
import type { DefinedMetrics, MetricVersion } from '../../contract/observation.ts';
import { unfitVariables, unknownPlaceholders } from '../../metrics/providers.ts';
import type { MetricBackEnds } from '../../metrics/providers/provider.ts';
import { describeUnfit, findMistake, readMetric } from './read-metric.ts';

interface QueryContext {
  readonly nowMs: number;
  /** Ends the queries; its reason is thrown. */
  readonly signal: AbortSignal;
}

/**
 * Adds the values of user-defined metrics to what was measured. A back end that does not answer makes the whole interval blind,
 * since objectives are judged together.
 */
export async function withDefinedMetrics(
  measurement: RunMeasurement,
  defined: DefinedMetrics,
  { backEnds, ...context }: QueryContext & { readonly backEnds: MetricBackEnds },
): Promise<RunMeasurement> {
  if (measurement.kind !== 'measured') return measurement;
  const readings = await Promise.all(
    defined.versions.map((version) => readVersion(version, defined, { backEnds, ...context })),
  );
  const unread = readings.flatMap((ofVersion) => Object.entries(ofVersion)).find(([, { kind }]) => kind === 'blind');
  if (unread !== undefined) return { kind: 'blind', reason: `metric ${unread[0]}: ${unreadReason(unread[1])}` };
  const [baseline, ...candidates] = [measurement.baseline, ...measurement.candidates].map((counts, index): Counts => {
    return { ...counts, values: readings[index] ?? {} };
  });
  return { ...measurement, baseline: baseline ?? measurement.baseline, candidates };
}

/** The metrics that cannot be queried for a version that lacks a variable of theirs, a sentence for each. */
export function queryProblems(metrics: MetricDefinitions, versions: readonly MetricVersion[]): readonly string[] {
  return Object.entries(metrics).flatMap(([reference, definition]) =>
    versions.flatMap((version) => {
      const unknown = unknownPlaceholders(definition.source, version).map((name) => `$${name}`);
      const unfit = unfitVariables(definition.source, version);
      if (unfit.length > 0) return [`metric ${reference}: ${describeUnfit(unfit, version.name)}`];
      if (unknown.length === 0) return [];
      return [`metric ${reference} asks for ${unknown.join(', ')}, which version ${version.name} has no variable for`];
    }),
  );
}

/**
 * The queries that Prometheus itself refuses or doubts, a sentence for each. A back end that does not answer is none of them, and neither is a
 * series that is not there yet.
 */
export async function queryMistakes(
  metrics: MetricDefinitions,
  versions: readonly MetricVersion[],
  { backEnds, nowMs, signal }: QueryContext & { readonly backEnds: MetricBackEnds },
): Promise<readonly string[]> {
  const queries = Object.entries(metrics).filter(([, { source }]) => source.kind === 'prometheus');
  const found = await Promise.all(
    queries.flatMap(([reference, definition]) =>
      versions.map(async (version) => {
        const mistake = await findMistake({ definition, version, elapsedMs: 0, nowMs, signal }, backEnds);
        return mistake === undefined ? [] : [`metric ${reference}: ${mistake}`];
      }),
    ),
  );
  return [...new Set(found.flat())];
}

async function readVersion(
  version: MetricVersion,
  { metrics, sinceMs }: DefinedMetrics,
  { backEnds, nowMs, signal }: QueryContext & { readonly backEnds: MetricBackEnds },
): Promise<Readonly<Record<string, MetricReading>>> {
  const elapsedMs = nowMs - sinceMs;
  const read = await Promise.all(
    Object.entries(metrics).map(async ([reference, definition]) => {
      const reading = await readMetric({ definition, version, elapsedMs, nowMs, signal }, backEnds);
      return [reference, reading] as const;
    }),
  );
  return Object.fromEntries(read);
}

function unreadReason(reading: MetricReading): string {
  return reading.kind === 'value' ? '' : reading.reason;
}
