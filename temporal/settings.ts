import type { Client } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

/** A namespace of a Temporal service. */
export interface TemporalPlace {
  readonly address: string;
  readonly namespace: string;
}

/** An open connection to a namespace of a Temporal service. */
export interface TemporalService extends TemporalPlace {
  readonly client: Client;
}

/** Where Temporal is, and how to connect to it. */
export interface TemporalSettings extends TemporalPlace {
  readonly connectionOptions: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
}

export const defaultPort = 7233;

/**
 * Reads the standard Temporal environment (`TEMPORAL_*`) and `temporal.toml`. What was `chosen` by hand goes first; without
 * any, it is `localhost:7233` and the namespace `default`. Fails where the configuration cannot be used.
 */
export function loadTemporalSettings(chosen: Partial<TemporalPlace> = {}): TemporalSettings {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const address = chosen.address ?? connectionOptions.address ?? `localhost:${defaultPort}`;
  return { connectionOptions: { ...connectionOptions, address }, address, namespace: chosen.namespace ?? namespace };
}
