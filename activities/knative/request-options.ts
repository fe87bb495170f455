import { cancellationSignal } from '@temporalio/activity';
import { createRequestOptions } from '../../kubernetes/request-options.ts';
import type { RequestOptions } from '../../kubernetes/request-options.ts';
import { withTimeLimit } from '../../metrics/time-limit.ts';

/** One request must not use up the time of the activity that makes it; webhooks alone may take 10 s by default. */
const requestLimitMs = 9_000;

/** Makes options for requests that end with their activity, or after 9 s. */
export function activityRequestOptions(): RequestOptions {
  return createRequestOptions(requestLimitMs, requestSignal);
}

/** The signal that ends a request with its activity, or after 9 s. */
export function requestSignal(): AbortSignal {
  return withTimeLimit(cancellationSignal(), requestLimitMs);
}
