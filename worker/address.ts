import type { Address } from '../formats/worker/settings.ts';

/** Formats an address: `127.0.0.1:9464`, `[::1]:9464`. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
