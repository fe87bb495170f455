import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { failure, innermostMessage } from '../failures.ts';

/** The hosts that a manifest may have requests sent to. */
export interface AllowedHosts {
  /** Patterns `host`, `host:port`, `*.example.com`, `*` of hosts that are allowed beside public ones. */
  readonly allowedHosts: readonly string[];
  /** The experiment's namespace, whose services are allowed too. */
  readonly namespace?: string;
}

/** A URL that a manifest asks for, and whether its host may have an address that is not public. */
export interface AllowedUrl {
  readonly url: URL;
  readonly isOpen: boolean;
}

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Reads a URL that a manifest asks for; fails as `AddressNotAllowed` unless it is http or https. What a name resolves to is checked by
 * `requireAllowedAddress`.
 */
export function requireAllowedUrl(text: string, allowed: AllowedHosts): AllowedUrl {
  const url = URL.parse(text);
  const port = url === null ? undefined : defaultPorts[url.protocol];
  if (url === null || port === undefined) {
    throw failure('AddressNotAllowed', { message: 'only complete http and https URLs are allowed' });
  }
  const host = url.hostname.toLowerCase();
  const place = { host, port: url.port || port };
  const patterns = [...allowed.allowedHosts, ...serviceHosts(allowed.namespace)];
  const isOpen = patterns.some((pattern) => matches(pattern.toLowerCase(), place));
  const literal = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(literal) !== 0) requireAllowedAddress(url.host, literal, { ...allowed, isOpen });
  return { url, isOpen };
}

/**
 * Checks a URL that another program will request, as `requireAllowedUrl` does, and resolves its host now. The program must be
 * given the IPv4 address that this returns: by then the name may have another. Fails as `HttpUnavailable` where there is none.
 */
export async function requireAllowedTarget(text: string, allowed: AllowedHosts): Promise<string> {
  const { url, isOpen } = requireAllowedUrl(text, allowed);
  const { hostname } = url;
  const { address } = await lookup(hostname, { family: 4 }).catch((error: unknown) => {
    throw failure('HttpUnavailable', { message: `${hostname} has no IPv4 address: ${innermostMessage(error)}` });
  });
  requireAllowedAddress(hostname, address, { ...allowed, isOpen });
  return address;
}

/** Fails as `AddressNotAllowed` for an address that is not public, unless its host is open, and for metadata addresses always. */
export function requireAllowedAddress(
  host: string,
  address: string,
  { allowedHosts, isOpen }: Pick<AllowedHosts, 'allowedHosts'> & Pick<AllowedUrl, 'isOpen'>,
): void {
  const parsed = ipaddr.process(address);
  if (isNeverAllowed(parsed)) {
    const message = `${host} is at ${address}: link-local and metadata addresses are never allowed`;
    throw failure('AddressNotAllowed', { message });
  }
  if (isOpen || isPublic(parsed)) return;
  const opened = allowedHosts.join(', ') || 'none';
  const message = `${host} is at ${address}, which is not public, and not among the hosts that this worker may talk to beside public ones (SERIN_ALLOWED_HOSTS): ${opened}`;
  throw failure('AddressNotAllowed', { message });
}

type Address = ReturnType<typeof ipaddr.process>;

/** The services of a namespace, as its pods name them in full. */
function serviceHosts(namespace: string | undefined): readonly string[] {
  return namespace === undefined ? [] : [`*.${namespace}.svc`, `*.${namespace}.svc.cluster.local`];
}

/** Where clouds give credentials to any program on their machines. */
const metadata: readonly string[] = [
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd00:ec2::/32',
  'fd20:ce::254',
];

function isNeverAllowed(address: Address): boolean {
  const inner = embedded(address);
  return [address, ...(inner === undefined ? [] : [inner])].some(
    (one) => one.range() === 'linkLocal' || metadata.some((range) => isWithin(one, range)),
  );
}

function isWithin(address: Address, range: string): boolean {
  const [network, bits] = range.includes('/')
    ? ipaddr.parseCIDR(range)
    : ([ipaddr.parse(range), range.includes(':') ? 128 : 32] as const);
  return address.kind() === network.kind() && address.match(network, bits);
}

/** Whether the address is one of the public internet, and not a form that maps to another one. */
function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  // Of IPv6 only 2000::/3 is given out; the rest of `unicast` is not routed, or maps to IPv4 in a way of old.
  return address.kind() === 'ipv4' || isWithin(address, '2000::/3');
}

/** The IPv4 address in the well-known prefix of NAT64, by which networks without IPv4 reach it. */
function embedded(address: Address): Address | undefined {
  if (address.kind() === 'ipv4' || !isWithin(address, '64:ff9b::/96')) return undefined;
  return ipaddr.fromByteArray(address.toByteArray().slice(12));
}

function matches(pattern: string, { host, port }: { readonly host: string; readonly port: string }): boolean {
  const [, wantedHost = '', wantedPort = port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(pattern) ?? [];
  if (wantedPort !== port) return false;
  if (wantedHost === '*' || wantedHost === host) return true;
  return wantedHost.startsWith('*.') && host.endsWith(wantedHost.slice(1));
}
