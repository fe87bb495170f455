import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface SingleRequest {
  /** Host of a Knative Service or of a tag. */
  readonly host: string;
  readonly signal?: AbortSignal;
}

export interface SingleAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends one GET through the gateway. (`fetch` cannot set a `Host`.) */
export function sendRequest(gatewayUrl: string, { host, signal }: SingleRequest): Promise<SingleAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<SingleAnswer>();
  const sent = request(gatewayUrl, { headers: { host }, agent: false, signal }, (response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  });
  sent.once('error', reject);
  sent.end();
  return promise;
}
