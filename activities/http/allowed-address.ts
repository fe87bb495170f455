import { BlockList, isIP } from 'node:net';

/** Where clouds keep the credentials of their machines, and nobody keeps anything else. */
const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4');
linkLocal.addSubnet('fe80::', 10, 'ipv6');

/**
 * Whether requests may go to the URL's host: it is on the list by name, by `*.domain`, by either with `:port`, or by `*`.
 * Link-local addresses never are.
 */
export function isAllowedHost({ hostname, port, protocol }: URL, allowedHosts: readonly string[]): boolean {
  const host = bare(hostname);
  const withPort = `${host}:${port || (protocol === 'https:' ? '443' : '80')}`;
  if (isLinkLocal(host)) return false;
  return allowedHosts.some((pattern) => matches(host, pattern) || matches(withPort, pattern));
}

/** Whether an IP address, as text, is link-local; names are not. */
export function isLinkLocal(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && linkLocal.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** IPv6 addresses stand in brackets in a URL. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

function matches(host: string, pattern: string): boolean {
  const lower = pattern.toLowerCase();
  if (lower === '*') return true;
  return lower.startsWith('*.') ? host.endsWith(lower.slice(1)) : host === lower;
}
