import { request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { createGunzip } from 'node:zlib';
import type { Credentials } from './access.ts';

/** A form to post, with what TLS needs. */
export interface FormRequest extends Pick<Credentials, 'headers' | 'tls'> {
  readonly url: URL;
  readonly form: URLSearchParams;
  readonly signal: AbortSignal;
  /** The most that the answer may have, unpacked. */
  readonly limitBytes: number;
}

export interface FormAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Posts a form and returns the answer with any status; redirects are answers too, since credentials must not follow them.
 * Not `fetch`, which takes neither client certificates nor authorities. Connections are kept, apart for other certificates.
 */
export function postForm(request: FormRequest): Promise<FormAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<FormAnswer>();
  const { url, tls, signal } = request;
  const body = request.form.toString();
  const headers = {
    ...request.headers,
    'accept-encoding': 'gzip',
    'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
    'content-length': String(Buffer.byteLength(body)),
  };
  const options = { method: 'POST', headers, signal };
  const sent = url.protocol === 'https:' ? requestHttps(url, { ...options, ...tls }) : requestHttp(url, options);
  sent.on('error', (error) => {
    // The server gave a kept connection up at the moment at which it was used again: that says nothing about the server.
    if (sent.reusedSocket && 'code' in error && error.code === 'ECONNRESET') resolve(postForm(request));
    else reject(error);
  });
  sent.on('response', (response) => void readAnswer(response, request.limitBytes).then(resolve, reject));
  sent.end(body);
  return promise;
}

/** Fails where the answer is larger than that; the rest is not read. */
async function readAnswer(response: IncomingMessage, limitBytes: number): Promise<FormAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of unpack(response)) {
    // Without an encoding, streams give buffers.
    const part = chunk as Buffer;
    bytes += part.length;
    if (bytes > limitBytes) {
      response.destroy();
      throw new Error(`the answer has more than ${limitBytes / 1024 / 1024} MiB`);
    }
    chunks.push(part);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}

function unpack(response: IncomingMessage): AsyncIterable<unknown> {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  const gunzip = createGunzip();
  // A pipe does not hand errors on.
  response.on('error', (error) => gunzip.destroy(error));
  return response.pipe(gunzip);
}
