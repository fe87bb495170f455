import { withTimeLimit } from '../metrics/time-limit.ts';
import { Observable } from '@kubernetes/client-node';
import type { ConfigurationOptions } from '@kubernetes/client-node';
import { cancellationSignal } from '@temporalio/activity';
import { createSharedDispatcher } from '../../kubernetes/shared-dispatcher.ts';

/** One request must not use up the time of the activity that makes it; webhooks alone may take 10 s by default. */
const requestLimitMs = 9_000;

/**
 * Options for one request: it ends with its activity, has a limit, and shares connections with the others. The client
 * by itself would open a new TLS connection for each request.
 */
export function createRequestOptions(): (request?: { readonly contentType?: string }) => ConfigurationOptions {
  const shared = createSharedDispatcher(requestLimitMs);
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

function observe<T>(value: T): Observable<T> {
  return new Observable(Promise.resolve(value));
}
