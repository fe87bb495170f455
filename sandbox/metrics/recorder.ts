/** The pod in whose name Knative's queue-proxy reports requests. */
export interface PodIdentity {
  readonly namespace: string;
  readonly service: string;
  readonly configuration: string;
  readonly revision: string;
  readonly pod: string;
}

/** The requests of one pod that were answered with the same status. */
export interface RequestTally {
  readonly status: number;
  count: number;
  /** In milliseconds. */
  readonly durationsMs: RecordedHistogram;
  /** In seconds. */
  readonly durationsSeconds: RecordedHistogram;
}

/** A distribution: `counts[i]` is the number of values that `bounds[i]` holds and no bound before it; the last is the rest. */
export interface RecordedHistogram {
  readonly bounds: readonly number[];
  /** Whether a bound holds the value that equals it. OpenCensus' do not, OpenTelemetry's do. */
  readonly isInclusive: boolean;
  readonly counts: number[];
  sum: number;
}

/** Upper bounds in ms: `defaultLatencyDistribution` of knative.dev/serving v0.42.2, pkg/queue/request_metric.go. */
const legacyBoundsMs = [
  5, 10, 20, 40, 60, 80, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 2000, 5000, 10_000,
  20_000, 50_000, 100_000,
];

/** Upper bounds in seconds: `latencyBounds` of knative.dev/serving v0.48.0, the same file. */
const openTelemetryBoundsSeconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The requests that every pod's queue-proxy has counted. */
export class RequestRecorder {
  readonly #pods = new Map<PodIdentity, Map<number, RequestTally>>();

  /** Adds a pod that has started, with its counters at 0. */
  add(pod: PodIdentity): void {
    this.#pods.set(pod, new Map());
  }

  /** Removes a pod that has gone, with its series. */
  remove(pod: PodIdentity): void {
    this.#pods.delete(pod);
  }

  record(pod: PodIdentity, status: number, durationMs: number): void {
    const tallies = this.#pods.get(pod);
    if (tallies === undefined) return;
    const tally = tallies.get(status) ?? emptyTally(status);
    tallies.set(status, tally);
    tally.count += 1;
    // Knative reports whole milliseconds, cut off, in the one generation and fractions of a second in the other.
    observe(tally.durationsMs, Math.trunc(durationMs));
    observe(tally.durationsSeconds, durationMs / 1000);
  }

  *tallies(): Generator<readonly [PodIdentity, RequestTally]> {
    for (const [pod, tallies] of this.#pods) for (const tally of tallies.values()) yield [pod, tally];
  }
}

function emptyTally(status: number): RequestTally {
  return {
    status,
    count: 0,
    durationsMs: emptyHistogram(legacyBoundsMs, false),
    durationsSeconds: emptyHistogram(openTelemetryBoundsSeconds, true),
  };
}

function emptyHistogram(bounds: readonly number[], isInclusive: boolean): RecordedHistogram {
  return { bounds, isInclusive, counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
}

function observe(histogram: RecordedHistogram, value: number): void {
  const index = histogram.bounds.findIndex((bound) => value < bound || (histogram.isInclusive && value === bound));
  const bucket = index === -1 ? histogram.bounds.length : index;
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1;
  histogram.sum += value;
}
