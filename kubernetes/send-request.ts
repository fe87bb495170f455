import { Observable, ResponseContext } from '@kubernetes/client-node';
import type { HttpLibrary, RequestContext } from '@kubernetes/client-node';

/**
 * Sends requests by their dispatcher itself, where the client by itself would use `fetch`, which takes several times as much CPU.
 * Requests without TLS have no dispatcher.
 */
export const httpLibrary: HttpLibrary = { send: (request) => new Observable(send(request)) };

async function send(request: RequestContext): Promise<ResponseContext> {
  const dispatcher = request.getDispatcher();
  return dispatcher === undefined ? sendByFetch(request) : sendBy(dispatcher, request);
}

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

async function sendBy(dispatcher: Dispatcher, request: RequestContext): Promise<ResponseContext> {
  const { origin, pathname, search } = new URL(request.getUrl());
  const { statusCode, headers, body } = await dispatcher.request({
    origin,
    path: `${pathname}${search}`,
    ...describeRequest(request),
  });
  const plain = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return new ResponseContext(statusCode, Object.fromEntries(plain), {
    text: () => body.text(),
    binary: async () => Buffer.from(await body.arrayBuffer()),
    stream: () => null,
  });
}

async function sendByFetch(request: RequestContext): Promise<ResponseContext> {
  const response = await fetch(request.getUrl(), describeRequest(request));
  return new ResponseContext(response.status, Object.fromEntries(response.headers), {
    text: () => response.text(),
    binary: async () => Buffer.from(await response.arrayBuffer()),
    stream: () => null,
  });
}

function describeRequest(request: RequestContext) {
  const body = request.getBody();
  return {
    method: request.getHttpMethod(),
    headers: request.getHeaders(),
    body: typeof body === 'string' ? body : null,
    signal: request.getSignal() ?? null,
  };
}
