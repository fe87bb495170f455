import type { MetricDefinition } from './metric-definition.ts';
import { defined } from '../text/defined.ts';

/** What a metric measures, and so how it is judged. */
export type MetricKind =
  /** Requests, or responses that count as errors: a fact, not an estimate. */
  | { readonly kind: 'count'; readonly of: 'requests' | 'errors' }
  /** The share of responses that count as errors, 0..1. */
  | { readonly kind: 'error-share' }
  | { readonly kind: 'mean-latency' }
  /** The latency that a share of the requests keeps within. */
  | { readonly kind: 'tail-latency'; readonly quantile: number }
  /** Defined by a user: a counter is a fact, a gauge has noise. */
  | { readonly kind: 'counter' }
  | { readonly kind: 'gauge' };

/** What a metric measures, and how its values are shown. */
export interface MetricFacts {
  readonly kind: MetricKind;
  readonly units?: string;
  /** Decimals that people usually want to see. */
  readonly decimals: number;
}

const milliseconds = { units: 'milliseconds', decimals: 1 };

function tailLatency(quantile: number): MetricFacts {
  return { kind: { kind: 'tail-latency', quantile }, ...milliseconds };
}

/** The metrics that need no definition, in the order in which they are shown: the tutorial's, then iter8's other built-in ones. */
const builtIn = {
  'request-count': { kind: { kind: 'count', of: 'requests' }, decimals: 0 },
  'mean-latency': { kind: { kind: 'mean-latency' }, ...milliseconds },
  '95th-percentile-tail-latency': tailLatency(0.95),
  'latency-50th-percentile': tailLatency(0.5),
  'latency-75th-percentile': tailLatency(0.75),
  'latency-90th-percentile': tailLatency(0.9),
  'latency-95th-percentile': tailLatency(0.95),
  'latency-99th-percentile': tailLatency(0.99),
  'error-count': { kind: { kind: 'count', of: 'errors' }, decimals: 0 },
  'error-rate': { kind: { kind: 'error-share' }, decimals: 3 },
} as const satisfies Readonly<Record<string, MetricFacts>>;

const builtInFacts: ReadonlyMap<string, MetricFacts> = new Map(Object.entries(builtIn));

/** The names of the built-in metrics, in the order in which they are shown. */
export const builtInMetrics: readonly string[] = [...builtInFacts.keys()];

/** Definitions of metrics by the references that the manifest has: `name` or `namespace/name`. */
export type MetricDefinitions = Readonly<Record<string, MetricDefinition>>;

/** The facts about a metric; one that is neither built in nor defined is a gauge. */
export function metricFacts(metric: string, definitions: MetricDefinitions = {}): MetricFacts {
  const facts = builtInFacts.get(metric);
  if (facts !== undefined) return facts;
  const { type = 'gauge', units } = definitions[metric] ?? {};
  return { kind: { kind: type }, ...defined({ units }), decimals: 3 };
}

/** The built-in metric that a reference names, if any: iter8's samples prefix it with the namespace of its definition. */
export function builtInMetric(reference: string): string | undefined {
  const bare = reference.replace(/^iter8-(knative|system)\//, '');
  return builtInFacts.has(bare) ? bare : undefined;
}

/** Whether a metric is a count: a fact, not an estimate, which is compared, not tested. */
export function isFact({ kind }: MetricFacts): boolean {
  return kind.kind === 'count' || kind.kind === 'counter';
}

/** A built-in metric, or the reference to one that a user has defined: `name` or `namespace/name`. */
export type MetricName = string;
