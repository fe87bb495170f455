import { lookup } from 'node:dns/promises';
import { request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { messageOf } from '../failures.ts';
import { withTimeLimit } from '../metrics/time-limit.ts';
import { isAllowedHost, isLinkLocal } from './allowed-address.ts';

export interface TextRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole of it, the answer's text included. */
  readonly limitMs: number;
  /** Its abort is rethrown; it is no failure of the request. */
  readonly signal: AbortSignal;
  /** As `isAllowedHost` reads them. */
  readonly allowedHosts: readonly string[];
}

export interface TextAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Why there is no answer. `refused`: asking again will not help; `unreachable`: it may. Its message has the host at most:
 * the rest of a URL, and headers, may be secret.
 */
class RequestFailure extends Error {
  override readonly name = 'RequestFailure';
  readonly kind: 'refused' | 'unreachable';

  constructor(kind: 'refused' | 'unreachable', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** More than any metric or notification needs. */
const largestAnswerBytes = 4 * 1024 * 1024;

/**
 * One HTTP request, and its answer whatever its status. TLS is checked, redirects are not followed, and neither the host
 * nor what its name resolves to may be an address that is not allowed.
 *
 * @throws RequestFailure
 */
export async function requestText(request: TextRequest): Promise<TextAnswer> {
  const { limitMs, allowedHosts } = request;
  const url = parseUrl(request.url);
  if (!isAllowedHost(url, allowedHosts)) {
    throw new RequestFailure('refused', `${url.host} is not among the hosts that the worker may call`);
  }
  const signal = withTimeLimit(request.signal, limitMs);
  try {
    return await read(await send(url, request, signal));
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof RequestFailure) throw error;
    const happened = signal.aborted ? `no answer within ${limitMs / 1000} s` : messageOf(error);
    throw new RequestFailure('unreachable', `${url.host}: ${happened}`);
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new RequestFailure('refused', 'the address is no URL of http or https');
}

function send(url: URL, { method, headers, body }: TextRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const options = { method, headers, signal, agent: false, lookup: guardedLookup } as const;
  return new Promise((resolve, reject) => {
    request(url, options, resolve).once('error', reject).end(body);
  });
}

/** What a harmless name resolves to is checked where it is used: between two look-ups it may change. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }).then(
    (addresses) => {
      const forbidden = addresses.find(({ address }) => isLinkLocal(address));
      const [first] = addresses;
      if (forbidden !== undefined) callback(linkLocalFailure(hostname, forbidden.address), '', 0);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family ?? 0);
    },
    (error: NodeJS.ErrnoException) => callback(error, '', 0),
  );
};

function linkLocalFailure(hostname: string, address: string): RequestFailure {
  return new RequestFailure('refused', `${hostname} resolves to ${address}, a link-local address`);
}

async function read(response: IncomingMessage): Promise<TextAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestAnswerBytes) {
      throw new RequestFailure('refused', `the answer is larger than ${largestAnswerBytes / 1024 / 1024} MiB`);
    }
    chunks.push(chunk);
  }
  // A response always has a status.
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}
