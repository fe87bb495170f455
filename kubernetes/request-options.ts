import { Observable } from '@kubernetes/client-node';
import type { ConfigurationOptions } from '@kubernetes/client-node';
import { httpLibrary } from './send-request.ts';
import { createSharedDispatcher } from './shared-dispatcher.ts';

/** Options for one request. */
export type RequestOptions = (request?: { readonly contentType?: string }) => ConfigurationOptions;

/**
 * Creates a maker of options for single requests. These share connections, where the client by itself would open a new TLS
 * connection for each, and each is ended by a signal of its own.
 *
 * @param limitMs longer than any request lasts.
 * @param signal makes the signal of the next request, which must end it within the limit.
 */
export function createRequestOptions(
  limitMs: number,
  signal: () => AbortSignal = () => AbortSignal.timeout(limitMs),
): RequestOptions {
  const shared = createSharedDispatcher(limitMs);
  return ({ contentType } = {}) => ({
    httpApi: httpLibrary,
    middlewareMergeStrategy: 'append',
    middleware: [
      {
        pre: (request) => {
          request.setSignal(signal());
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

function observe<T>(value: T): Observable<T> {
  return new Observable(Promise.resolve(value));
}
