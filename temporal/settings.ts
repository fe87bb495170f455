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

/** The port of a Temporal service whose address names none. */
export const defaultPort = 7233;

/**
 * Reads the standard Temporal environment (`TEMPORAL_*`) and `temporal.toml`. `chosen` takes precedence; the defaults are
 * `localhost:7233` and the namespace `default`. Throws when the configuration cannot be used.
 */
export function loadTemporalSettings(chosen: Partial<TemporalPlace> = {}): TemporalSettings {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const address = chosen.address ?? connectionOptions.address ?? `localhost:${defaultPort}`;
  return { connectionOptions: { ...connectionOptions, address }, address, namespace: chosen.namespace ?? namespace };
}
