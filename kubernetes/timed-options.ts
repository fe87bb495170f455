import { Observable } from '@kubernetes/client-node';
import type { ConfigurationOptions, PatchStrategy } from '@kubernetes/client-node';
import { createSharedDispatcher } from './shared-dispatcher.ts';

/** Options for one request each: it ends at the limit, and shares connections with the others. */
export function createTimedOptions(limitMs: number): (contentType?: PatchStrategy) => ConfigurationOptions {
  const shared = createSharedDispatcher(limitMs);
  return (contentType) => ({
    middlewareMergeStrategy: 'append',
    middleware: [
      {
        pre: (request) => {
          request.setSignal(AbortSignal.timeout(limitMs));
          if (contentType !== undefined) request.setHeaderParam('Content-Type', contentType);
          const dispatcher = shared(request.getDispatcher());
          if (dispatcher !== undefined) request.setDispatcher(dispatcher);
          return new Observable(Promise.resolve(request));
        },
        post: (response) => new Observable(Promise.resolve(response)),
      },
    ],
  });
}
