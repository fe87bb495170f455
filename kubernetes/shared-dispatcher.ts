import type { RequestContext } from '@kubernetes/client-node';

/** Client certificates rotate; connections made with an older one are given up after this. */
const connectionLifeMs = 60_000;

type Dispatcher = Parameters<RequestContext['setDispatcher']>[0];

/**
 * Chooses the dispatcher of each request: the first that is offered serves all until it is too old, since the client by itself
 * would open a new TLS connection for each. No request may last longer than `requestLimitMs`.
 */
export function createSharedDispatcher(
  requestLimitMs: number,
): (offered: Dispatcher | undefined) => Dispatcher | undefined {
  let current: Dispatcher | undefined;
  let bornAtMs = 0;
  return (offered) => {
    if (current !== undefined && performance.now() - bornAtMs < connectionLifeMs) return current;
    closeLater(current, 2 * requestLimitMs);
    current = offered;
    bornAtMs = performance.now();
    return current;
  };
}

/** Closes a dispatcher after all requests that were given it have ended. */
function closeLater(dispatcher: Dispatcher | undefined, afterMs: number): void {
  setTimeout(() => void dispatcher?.close(), afterMs).unref();
}
