import { Observable, ResponseContext, createConfiguration } from '@kubernetes/client-node';
import type { HttpLibrary, RequestContext } from '@kubernetes/client-node';

const { httpApi: clientLibrary } = createConfiguration();

/**
 * Sends requests by their dispatcher itself, where the client by itself would use `fetch`, which takes several times as much CPU.
 * Requests without TLS have no dispatcher, and go the client's way.
 */
export const httpLibrary: HttpLibrary = {
  send: (request) => {
    const dispatcher = request.getDispatcher();
    return dispatcher === undefined ? clientLibrary.send(request) : new Observable(send(dispatcher, request));
  },
};

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

async function send(dispatcher: Dispatcher, request: RequestContext): Promise<ResponseContext> {
  const { origin, pathname, search } = new URL(request.getUrl());
  const sent = request.getBody();
  const { statusCode, headers, body } = await dispatcher.request({
    origin,
    path: `${pathname}${search}`,
    method: request.getHttpMethod(),
    headers: request.getHeaders(),
    body: typeof sent === 'string' ? sent : null,
    signal: request.getSignal() ?? null,
  });
  const plain = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return new ResponseContext(statusCode, Object.fromEntries(plain), {
    text: () => body.text(),
    binary: async () => Buffer.from(await body.arrayBuffer()),
    stream: () => null,
  });
}
