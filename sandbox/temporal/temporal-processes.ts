import type { Service } from '../processes/service.ts';

export interface TemporalProcesses {
  readonly service: Service;
  /** Where it is a process of its own. */
  readonly database?: Service;
  /** gRPC, `host:port`. */
  readonly address: string;
  /** The Web UI; of the server of production, which has none, its HTTP API. */
  readonly uiUrl: string;
}
