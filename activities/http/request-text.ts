import { lookup } from 'node:dns';
import { request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { headerProblem } from '../../core/text/http-headers.ts';
import { answerFailureType, failure, innermostMessage } from '../failures.ts';
import { withTimeLimit } from '../../metrics/time-limit.ts';
import { requireAllowedAddress, requireAllowedUrl } from './allowed-hosts.ts';
import type { AllowedHosts, AllowedUrl } from './allowed-hosts.ts';

/** An HTTP request; a body is text. */
export interface HttpRequest extends AllowedHosts {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The limit from the resolution of the name to the last byte of the answer. */
  readonly limitMs: number;
  /** Ends the request; then this rejects with its reason. */
  readonly signal: AbortSignal;
  /** More bytes of an answer are a failure. Default 4 MiB. */
  readonly limitBytes?: number;
}

export interface BytesAnswer {
  readonly status: number;
  readonly bytes: Buffer;
  /** By their names in lower case; of one that comes several times, the first. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface TextAnswer {
  readonly status: number;
  readonly text: string;
}

/** More than any answer that serin reads. */
const longestAnswerBytes = 4 * 1024 * 1024;

/**
 * Sends one HTTP request and returns its answer with any status; redirects are answers too and not followed. TLS is always
 * checked, and so is the address that the host's name resolves to. Fails as `AddressNotAllowed`, or as `HttpUnavailable` without
 * an answer in time.
 * Messages name the server and nothing else of the URL, which may hold a secret.
 */
export async function requestText(request: HttpRequest): Promise<TextAnswer> {
  const { status, bytes } = await requestBytes(request);
  return { status, text: bytes.toString('utf8') };
}

/** As `requestText`, with the answer's bytes. */
export async function requestBytes(request: HttpRequest): Promise<BytesAnswer> {
  const { url, reach } = requireAllowedUrl(request.url, request);
  requireHeaders(request.headers ?? {});
  request.signal.throwIfAborted();
  try {
    return await exchange(url, { ...request, reach, signal: withTimeLimit(request.signal, request.limitMs) });
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof ApplicationFailure) throw error;
    const reason = isAbort(error) ? `no answer within ${request.limitMs / 1000} s` : innermostMessage(error);
    throw failure('HttpUnavailable', { message: `${request.method} ${url.origin}: ${reason}` });
  }
}

/** Fails as `HttpUnavailable` for what may pass by itself, and as `HttpRefused` for every other answer that is not 2xx. */
export function requireSuccess({ status, text }: TextAnswer, what: string): void {
  const type = answerFailureType(status);
  if (type === undefined) return;
  const said = text.trim() === '' ? '' : `: ${text.trim().slice(0, 200)}`;
  throw failure(type, { message: `${what} answered ${status}${said}` });
}

function requireHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    const problem =
      headerProblem(name) ??
      (/[^\t\x20-\x7e\x80-\xff]/.test(value)
        ? `the header ${name} has a line break or another character that no header takes`
        : undefined);
    if (problem !== undefined) throw failure('HttpRefused', { message: problem });
  }
}

type CheckedRequest = HttpRequest & Pick<AllowedUrl, 'reach'>;

function exchange(url: URL, request: CheckedRequest): Promise<BytesAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<BytesAnswer>();
  const sent = open(url, request);
  sent.on('error', reject);
  sent.on(
    'response',
    (response) => void readBytes(response, request.limitBytes ?? longestAnswerBytes).then(resolve, reject),
  );
  sent.end(request.body);
  return promise;
}

function open(url: URL, { method, headers = {}, body, signal, ...allowed }: CheckedRequest): ClientRequest {
  // A connection of its own: the name of a shared one would not be resolved again.
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const options = { method, headers: { ...headers, ...length }, signal, agent: false, lookup: allowedLookup(allowed) };
  return url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
}

/** Resolves a name, and refuses it when one of its addresses is not allowed. */
function allowedLookup(allowed: Pick<CheckedRequest, 'allowedHosts' | 'reach'>): LookupFunction {
  return (host, options, answer) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return answer(error, []);
      try {
        for (const { address } of addresses) requireAllowedAddress(host, address, allowed);
      } catch (refusal) {
        return answer(refusal instanceof Error ? refusal : new Error(String(refusal)), []);
      }
      const [first] = addresses;
      if (options.all === true || first === undefined) return answer(null, addresses);
      return answer(null, first.address, first.family);
    });
  };
}

async function readBytes(response: IncomingMessage, limitBytes: number): Promise<BytesAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    // Without an encoding, streams of HTTP give buffers.
    const buffer = chunk as Buffer;
    chunks.push(buffer);
    bytes += buffer.length;
    if (bytes > limitBytes) throw new Error(`the answer is longer than ${limitBytes} bytes`);
  }
  const { statusCode: status = 0, headersDistinct } = response;
  const headers = Object.entries(headersDistinct).map(([name, values]) => [name, values?.[0] ?? ''] as const);
  return { status, bytes: Buffer.concat(chunks), headers: Object.fromEntries(headers) };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
