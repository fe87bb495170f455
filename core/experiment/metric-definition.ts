import type { ObjectName } from '../text/object-name.ts';

/** A name with its template: an HTTP header or a query parameter. */
export interface NamedTemplate {
  readonly name: string;
  readonly value: string;
}

/** Which keys of its secret a request uses: `username` and `password`, or those that its templates name. */
export type MetricAuthType = 'Basic' | 'Bearer' | 'APIKey';

/** Where the value of a metric may come from; a new provider is an entry here, and a line in each table that is keyed by provider. */
export interface MetricSources {
  /** JSON from an HTTP service, and the jq expression that computes a number from it. */
  http: {
    readonly method: 'GET' | 'POST';
    /** Placeholders stand for keys of the secret. */
    readonly urlTemplate: string;
    /** Placeholders stand for keys of the secret; under Basic they are no placeholders. */
    readonly headers: readonly NamedTemplate[];
    /** Query parameters; placeholders stand for `metricVariables`. */
    readonly params: readonly NamedTemplate[];
    /** JSON after the placeholders, as in `params`, are filled in. */
    readonly body?: string;
    readonly jqExpression: string;
    readonly authType?: MetricAuthType;
    /** In the metric's own namespace: a metric must not send out what its author may not read. */
    readonly secret?: ObjectName;
  };
  /** An instant query to the worker's Prometheus, or to the one at `url`; placeholders of the query stand for `metricVariables`. */
  prometheus: { readonly query: string; readonly url?: string };
  /** Made-up values, for trying an experiment out; levels by the versions' names. */
  mock: { readonly levels: Readonly<Record<string, number>> };
}

export type MetricProviderName = keyof MetricSources;

/** Where the value of a metric comes from. */
export type MetricSource<K extends MetricProviderName = MetricProviderName> = {
  [P in K]: { readonly kind: P } & Readonly<MetricSources[P]>;
}[K];

export type HttpSource = MetricSource<'http'>;

/** A metric that a user has defined. */
export interface MetricDefinition extends ObjectName {
  readonly description?: string;
  readonly units?: string;
  /** A counter grows with time; a gauge is a level. */
  readonly type: 'counter' | 'gauge';
  /** The metric that counts the samples behind this one. */
  readonly sampleSize?: ObjectName;
  readonly source: MetricSource;
}

/** The result of reading a metric of one version once. */
export type MetricReading =
  | { readonly kind: 'value'; readonly value: number }
  /** The back end answered, but has no number. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** Nothing was answered, or nothing could be asked. */
  | { readonly kind: 'blind'; readonly reason: string };
