/**
 * A signal that aborts with the given one, or after the limit, whichever comes first.
 *
 * Not `AbortSignal.any`: Node lets the garbage collector take what a combined signal waits for, and the limit is silently gone.
 * Here the timer and the signal's listener hold it.
 */
export function withTimeLimit(signal: AbortSignal, limitMs: number): AbortSignal {
  const controller = new AbortController();
  const end = (): void => {
    clearTimeout(timer);
    controller.abort(signal.reason);
  };
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', end);
    controller.abort(new DOMException(`no end within ${limitMs} ms`, 'TimeoutError'));
  }, limitMs);
  timer.unref();
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return controller.signal;
}
