import type { ObjectName, Version } from '../../core/experiment/experiment.ts';
import type {
  MetricDefinition,
  MetricProviderName,
  MetricReading,
  MetricSource,
} from '../../core/experiment/metric-definition.ts';
import type { PrometheusAccess } from '../prometheus/access.ts';

/** What serin needs of a kind of source to read metrics from it. */
export interface MetricProvider<K extends MetricProviderName> {
  /** The texts of the source whose placeholders are filled in with a version's variables. */
  readonly placeholders: (source: MetricSource<K>) => readonly string[];
  /** Finds what is wrong with the source that only its provider can know; undefined where nothing is. */
  readonly check: (source: MetricSource<K>) => Promise<SourceProblem | undefined>;
  /**
   * Reads the value for one version. An answer without a number is `unavailable`; a back end that cannot be asked is
   * `blind`, or an error that says why. The abort of the question's signal is rethrown, and secrets do not show.
   */
  readonly read: (source: MetricSource<K>, reading: ReadingContext) => Promise<MetricReading>;
}

/** What is wrong with one field of a source. */
export interface SourceProblem {
  /** The field of the source. */
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** One metric of one version, now. */
export interface MetricQuestion {
  readonly definition: MetricDefinition;
  readonly version: Pick<Version, 'name' | 'variables'>;
  /** The time since the experiment's start. */
  readonly elapsedMs: number;
  /** Epoch ms. */
  readonly nowMs: number;
  /** Its abort is rethrown. */
  readonly signal: AbortSignal;
}

/** A question with the back ends that can answer it. */
export interface ReadingContext extends MetricQuestion {
  readonly backEnds: MetricBackEnds;
}

/** The effects that providers need, as the worker has them. */
export interface MetricBackEnds {
  readonly prometheusUrl: string;
  readonly prometheusAccess?: PrometheusAccess;
  /** The decoded keys of a Kubernetes secret; undefined when there is none. */
  readonly readSecret: (name: ObjectName) => Promise<SecretData | undefined>;
  /** One HTTP request, whatever the status of its answer; rejects with an error whose message says why there is none. */
  readonly request: (request: MetricRequest) => Promise<MetricAnswer>;
}

/** The keys of a secret, decoded. */
export type SecretData = Readonly<Record<string, string>>;

/** An HTTP request of a metric, with its secret filled in. */
export interface MetricRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export interface MetricAnswer {
  readonly status: number;
  readonly text: string;
}

/** How long one metric of one version may take. */
export const readingLimitMs = 10_000;

/** A reading of a back end that answered without a number. */
export function unavailable(reason: string): MetricReading {
  return { kind: 'unavailable', reason };
}

/** A reading of a back end that could not be asked, or did not answer. */
export function blind(reason: string): MetricReading {
  return { kind: 'blind', reason };
}
