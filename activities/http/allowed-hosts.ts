import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { failure, innermostMessage } from '../failures.ts';

/** Link-local and metadata addresses, where clouds give credentials to any program on their machines. */
const neverAllowed = new BlockList();
neverAllowed.addSubnet('169.254.0.0', 16, 'ipv4');
neverAllowed.addSubnet('fe80::', 10, 'ipv6');
neverAllowed.addSubnet('fd00:ec2::', 32, 'ipv6');
neverAllowed.addAddress('fd20:ce::254', 'ipv6');
// As networks without IPv4 reach it, by NAT64.
neverAllowed.addSubnet('64:ff9b::169.254.0.0', 112, 'ipv6');
for (const address of ['100.100.100.200', '168.63.129.16', '192.0.0.192']) {
  neverAllowed.addAddress(address, 'ipv4');
  neverAllowed.addAddress(`64:ff9b::${address}`, 'ipv6');
}

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Reads a URL that a manifest asks for; fails as `AddressNotAllowed` unless it is http or https and its host is among the
 * patterns: `host`, `host:port`, `*.example.com`, `*`. What a name resolves to is checked by `requireAllowedAddress`.
 */
export function requireAllowedUrl(text: string, allowedHosts: readonly string[]): URL {
  const url = URL.parse(text);
  const port = url === null ? undefined : defaultPorts[url.protocol];
  if (url === null || port === undefined) {
    throw failure('AddressNotAllowed', { message: 'only complete http and https URLs are allowed' });
  }
  const host = url.hostname.toLowerCase();
  if (!allowedHosts.some((pattern) => matches(pattern.toLowerCase(), { host, port: url.port || port }))) {
    const allowed = allowedHosts.join(', ') || 'none';
    const message = `${url.host} is not among the hosts that this worker may talk to (SERIN_ALLOWED_HOSTS): ${allowed}`;
    throw failure('AddressNotAllowed', { message });
  }
  const literal = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(literal) !== 0) requireAllowedAddress(url.host, literal);
  return url;
}

/**
 * Checks a URL that another program will request, as `requireAllowedUrl` does, and resolves its host now. The program must be
 * given the IPv4 address that this returns: by then the name may have another. Fails as `HttpUnavailable` where there is none.
 */
export async function requireAllowedTarget(text: string, allowedHosts: readonly string[]): Promise<string> {
  const { hostname } = requireAllowedUrl(text, allowedHosts);
  const { address } = await lookup(hostname, { family: 4 }).catch((error: unknown) => {
    throw failure('HttpUnavailable', { message: `${hostname} has no IPv4 address: ${innermostMessage(error)}` });
  });
  requireAllowedAddress(hostname, address);
  return address;
}

/** Fails as `AddressNotAllowed` for addresses that no setting allows: link-local ones, and where clouds keep metadata. */
export function requireAllowedAddress(host: string, address: string): void {
  if (!neverAllowed.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) return;
  const message = `${host} is at ${address}: link-local and metadata addresses are never allowed`;
  throw failure('AddressNotAllowed', { message });
}

function matches(pattern: string, { host, port }: { readonly host: string; readonly port: string }): boolean {
  const [, wantedHost = '', wantedPort = port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(pattern) ?? [];
  if (wantedPort !== port) return false;
  if (wantedHost === '*' || wantedHost === host) return true;
  return wantedHost.startsWith('*.') && host.endsWith(wantedHost.slice(1));
}
