import { withTimeLimit } from '../metrics/time-limit.ts';
import { Observable } from '@kubernetes/client-node';
import type { ConfigurationOptions, RequestContext } from '@kubernetes/client-node';
import { cancellationSignal } from '@temporalio/activity';

/** One request must not use up the time of the activity that makes it; webhooks alone may take 10 s by default. */
const requestLimitMs = 9_000;

/** Client certificates rotate; connections made with an older one are given up after this. */
const connectionLifeMs = 60_000;

type Dispatcher = Parameters<RequestContext['setDispatcher']>[0];

/**
 * Options for one request: it ends with its activity, has a limit, and shares connections with the others. The client
 * by itself would open a new TLS connection for each request.
 */
export function createRequestOptions(): (request?: { readonly contentType?: string }) => ConfigurationOptions {
  const shared = createSharedDispatcher();
  return ({ contentType } = {}) => ({
    middlewareMergeStrategy: 'append',
    middleware: [
      {
        pre: (request) => {
          request.setSignal(requestSignal());
          if (contentType !== undefined) request.setHeaderParam('Content-Type', contentType);
          const dispatcher = shared(request.getDispatcher());
          if (dispatcher !== undefined) request.setDispatcher(dispatcher);
          return observe(request);
        },
        post: observe,
      },
    ],
  });
}

/** Ends a request with its activity, or at its limit. */
export function requestSignal(): AbortSignal {
  return withTimeLimit(cancellationSignal(), requestLimitMs);
}

/** The first dispatcher that is offered serves all requests until it is too old. */
function createSharedDispatcher(): (offered: Dispatcher | undefined) => Dispatcher | undefined {
  let current: Dispatcher | undefined;
  let bornAtMs = 0;
  return (offered) => {
    if (current !== undefined && performance.now() - bornAtMs < connectionLifeMs) return current;
    closeLater(current);
    current = offered;
    bornAtMs = performance.now();
    return current;
  };
}

/** By then every request that was given it has ended. */
function closeLater(dispatcher: Dispatcher | undefined): void {
  setTimeout(() => void dispatcher?.close(), 2 * requestLimitMs).unref();
}

function observe<T>(value: T): Observable<T> {
  return new Observable(Promise.resolve(value));
}
