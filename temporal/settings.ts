import type { Client } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { payloadCodec } from './payload-codec.ts';
import { readPayloadKeys } from './payload-keys.ts';

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
  /** Encrypts payloads where there are keys for it. */
  readonly dataConverter: { readonly payloadCodecs: PayloadCodec[] };
}

/** What is chosen beside the environment. */
export interface ChosenSettings extends Partial<TemporalPlace> {
  /** See `readPayloadKeys`; without it payloads are not encrypted. */
  readonly payloadKeysFile?: string;
  /** Neither the environment nor `temporal.toml` has a say: a development server of this machine. */
  readonly isLocal?: boolean;
}

const plainConfig: ReturnType<typeof loadClientConnectConfig> = { connectionOptions: {} };

/** The port of a Temporal service whose address names none. */
export const defaultPort = 7233;

/**
 * Reads the standard Temporal environment (`TEMPORAL_*`) and `temporal.toml`. `chosen` takes precedence; the defaults are
 * `localhost:7233` and the namespace `default`. Throws when the configuration cannot be used.
 */
export function loadTemporalSettings(chosen: ChosenSettings = {}): TemporalSettings {
  const { connectionOptions, namespace = 'default' } =
    chosen.isLocal === true ? plainConfig : loadClientConnectConfig();
  const address = chosen.address ?? connectionOptions.address ?? `localhost:${defaultPort}`;
  const { payloadKeysFile } = chosen;
  const payloadCodecs = payloadKeysFile === undefined ? [] : [payloadCodec(readPayloadKeys(payloadKeysFile))];
  return {
    connectionOptions: { ...connectionOptions, address },
    address,
    namespace: chosen.namespace ?? namespace,
    dataConverter: { payloadCodecs },
  };
}
