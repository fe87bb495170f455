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

/** A URL that a manifest asks for, and which addresses its host may have. */
export interface AllowedUrl {
  readonly url: URL;
  readonly reach: Reach;
}

/**
 * `public`: public addresses alone. `service`: those of the cluster too, as a service of the namespace has one; whoever may make services there can
 * give its name to any other host. `open`: all, as the platform says.
 */
export type Reach = 'public' | 'service' | 'open';

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
  const isAmong = (patterns: readonly string[]): boolean => patterns.some((one) => matches(one.toLowerCase(), place));
  const isService = isAmong(serviceHosts(allowed.namespace));
  const reach = isAmong(allowed.allowedHosts) ? 'open' : isService ? 'service' : 'public';
  const literal = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(literal) !== 0) requireAllowedAddress(url.host, literal, { ...allowed, reach });
  return { url, reach };
}

/**
 * Checks a URL that another program will request, as `requireAllowedUrl` does, and resolves its host now. The program must be
 * given the IPv4 address that this returns: by then the name may have another. Fails as `HttpUnavailable` where there is none.
 */
export async function requireAllowedTarget(text: string, allowed: AllowedHosts): Promise<string> {
  const { url, reach } = requireAllowedUrl(text, allowed);
  const { hostname } = url;
  const { address } = await lookup(hostname, { family: 4 }).catch((error: unknown) => {
    throw failure('HttpUnavailable', { message: `${hostname} has no IPv4 address: ${innermostMessage(error)}` });
  });
  requireAllowedAddress(hostname, address, { ...allowed, reach });
  return address;
}

/** Fails as `AddressNotAllowed` for an address that its host may not have, and for metadata addresses always. */
export function requireAllowedAddress(
  host: string,
  address: string,
  { allowedHosts, reach }: Pick<AllowedHosts, 'allowedHosts'> & Pick<AllowedUrl, 'reach'>,
): void {
  const parsed = ipaddr.process(address);
  if (isNeverAllowed(parsed)) {
    const message = `${host} is at ${address}: link-local and metadata addresses are never allowed`;
    throw failure('AddressNotAllowed', { message });
  }
  if (reach === 'open' || isPublic(parsed)) return;
  if (reach === 'service' && isOfCluster(parsed)) return;
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

/** Whether a service may be there: not this machine, nor many, nor a form that maps to another address. */
function isOfCluster(address: Address): boolean {
  return ['private', 'uniqueLocal', 'carrierGradeNat', 'unicast', 'reserved'].includes(address.range());
}

/** Prefixes of IPv6 that lead to an IPv4 address, and at which byte that begins: NAT64 (RFC 6052, 8215), 6to4 (RFC 3056), SIIT (RFC 2765). */
const mappings: readonly (readonly [prefix: string, byte: number])[] = [
  ['64:ff9b::/96', 12],
  ['64:ff9b:1::/48', 12],
  ['2002::/16', 2],
  ['::ffff:0:0:0/96', 12],
];

/** The IPv4 address that an IPv6 address leads to. */
function embedded(address: Address): Address | undefined {
  if (address.kind() === 'ipv4') return undefined;
  const [, byte] = mappings.find(([prefix]) => isWithin(address, prefix)) ?? [];
  return byte === undefined ? undefined : ipaddr.fromByteArray(address.toByteArray().slice(byte, byte + 4));
}

function matches(pattern: string, { host, port }: { readonly host: string; readonly port: string }): boolean {
  const [, wantedHost = '', wantedPort = port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(pattern) ?? [];
  if (wantedPort !== port) return false;
  if (wantedHost === '*' || wantedHost === host) return true;
  return wantedHost.startsWith('*.') && host.endsWith(wantedHost.slice(1));
}
