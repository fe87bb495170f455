import type { MetricsGeneration } from './metrics/server.ts';
import type { Progress } from './tools/progress.ts';

export type TemporalDatabase = 'memory' | 'file' | 'postgresql';

export interface SandboxOptions {
  /** How often Prometheus scrapes the pods' request metrics. Default 1000. */
  readonly scrapeIntervalMs?: number;
  /** Which generation of Knative's request metrics is exposed. Default `legacy`. */
  readonly metrics?: MetricsGeneration;
  /** Whether serin's search attributes are registered in Temporal's namespace `default`. Default true. */
  readonly searchAttributes?: boolean;
  /** Further Temporal namespaces, which have none of serin's search attributes. Default none. */
  readonly plainNamespaces?: readonly string[];
  /** Where Temporal has its data: in PostgreSQL it is the server of production, elsewhere the development server. Default `file`. */
  readonly temporalDatabase?: TemporalDatabase;
  /** How many events a run may have until Temporal suggests to continue it as new. Default: Temporal's own. */
  readonly continueAsNewAfter?: number;
  /** Receives the progress of each tool that has to be built. Default: lines on standard error. */
  readonly progress?: Progress;
}
